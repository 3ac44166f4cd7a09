/** The job runs when the dependencies job of its script has ended: not a try. The message completes `The job ...`. */
export class LockPending extends Error {
  override readonly name = 'LockPending';
}

/** Between two looks at a lock: packages are found within seconds, or it takes long because some are built. */
const SOON_MS = 1_000;
const LATER_MS = 3_000;
const YOUNG_MS = 15_000;

/** When a job that waits for a lock should be looked at again. */
export const lookAgainAt = (job: { created_at: number }, now: number): number =>
  now + (now - job.created_at < YOUNG_MS ? SOON_MS : LATER_MS);
