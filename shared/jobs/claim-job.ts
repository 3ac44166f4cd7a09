import { explainRefusedClaim, type Job, type JobKey } from '../model/job.ts';
import type { JobStore, WorkerStore } from './ports.ts';

/** What a worker that holds a job's message should do. */
export type Claim =
  | { is: 'run'; job: Job }
  /** The message came before its time, or somebody who is alive holds the job: send it again for `dueAt`. */
  | { is: 'early'; job: Job; dueAt: number }
  /** It has ended, and owes others something that may not have been paid. */
  | { is: 'owing'; job: Job }
  /** It has ended, and asked that its arguments, result and log be removed some time after. */
  | { is: 'deletion'; job: Job }
  /** Its worker died: it is to be given back, or failed. */
  | { is: 'lost'; job: Job }
  /** It is over: the message has done its work. */
  | { is: 'nothing' };

/** A worker that claimed this recently is alive even without a beat: beats begin only after a few seconds. */
const GRACE_MS = 9_000;
/** Between the end of a lease and the look at it. */
const MARGIN_MS = 500;

/**
 * Takes a queued job for this worker by one conditional write. A message that finds the job held stays with it, as a message
 * to come again once the holder's lease would have run out: so a dead worker's job never waits for the reaper.
 */
export const claimJob = async (
  deps: { jobs: JobStore; workers: WorkerStore },
  key: JobKey,
  claim: { worker: string; now: number; op: string },
): Promise<Claim> => {
  const outcome = await deps.jobs.claim(key, claim);
  if (outcome.claimed) return { is: 'run', job: outcome.job };
  const refused = explainRefusedClaim(outcome.job, claim.op, claim.now);
  switch (refused.is) {
    case 'mine':
      return { is: 'run', job: refused.job };
    case 'owing':
    case 'deletion':
      return refused;
    case 'over':
      return { is: 'nothing' };
    case 'early':
      return outcome.job === undefined
        ? { is: 'nothing' }
        : { is: 'early', job: outcome.job, dueAt: outcome.job.scheduled_for };
    case 'held': {
      const alive = await holderLivesUntil(deps.workers, refused.job, claim.now);
      return alive === undefined
        ? { is: 'lost', job: refused.job }
        : { is: 'early', job: refused.job, dueAt: alive + MARGIN_MS };
    }
  }
};

/** Until when the worker of a running job counts as alive. Undefined: its lease ran out, or it never gave a sign of life. */
const holderLivesUntil = async (workers: WorkerStore, job: Job, now: number): Promise<number | undefined> => {
  const grace = (job.started_at ?? 0) + GRACE_MS;
  if (now < grace) return grace;
  const lease = job.worker === undefined ? undefined : await workers.leaseOf(job.worker);
  return lease === undefined || lease < now ? undefined : lease;
};

/** True when the worker of a running job let its lease run out, or never gave a sign of life in time. */
export const isHolderDead = async (workers: WorkerStore, job: Job, now: number): Promise<boolean> =>
  (await holderLivesUntil(workers, job, now)) === undefined;
