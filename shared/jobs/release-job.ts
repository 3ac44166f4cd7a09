import { type Completion, failed, unstarted, workerLost } from '../model/completion.ts';
import { type Job, MAX_TRIES, type WaitReason } from '../model/job.ts';
import { type FinishOrTellDeps, finishJob } from './finish-job.ts';
import type { JobQueue } from './ports.ts';

/** Between two looks for room on a full lane: spread, so that waiting jobs do not come back as one. */
const FULL_MIN_MS = 1_000;
const FULL_SPREAD_MS = 2_000;

/**
 * Gives back the claim of a job that cannot run now: it waits until `dueAt`, or a little while where that is not known.
 * Waiting is not a try. `random` is in [0, 1).
 */
export const releaseWaiting = async (
  deps: FinishOrTellDeps & { queue: JobQueue },
  job: Job,
  waits: { reason: WaitReason; dueAt?: number },
  more: { op: string; now: number; random: number },
): Promise<void> => {
  const dueAt = waits.dueAt ?? more.now + FULL_MIN_MS + Math.floor(more.random * FULL_SPREAD_MS);
  const released = await deps.jobs.release(job, job.attempt, { dueAt, ran: false, op: more.op, waits: waits.reason });
  if (released) await deps.queue.send(job, dueAt, more.now);
  // Somebody asked to cancel it meanwhile: then this ends it as canceled, and otherwise does nothing.
  else await finishJob(deps, job, failed({ name: 'Waiting', message: 'Job could not be queued again' }), more);
};

/** Before the tries of a job that could not be started for a fault of ours: an outage should pass in between. */
const UNSTARTED_MS = [2_000, 15_000, 60_000];

/**
 * Gives back a job whose attempt could not start: nothing of the user's ran, and what hindered it (a store that throttles, a
 * key that cannot be read) may pass. It counts as a try, so that what always fails ends.
 */
export const releaseUnstarted = (
  deps: FinishOrTellDeps & { queue: JobQueue },
  job: Job,
  more: { op: string; now: number },
): Promise<boolean> => giveBack(deps, job, unstarted(job), UNSTARTED_MS[job.tries - 1] ?? 0, more);

/**
 * Puts a job of a dead worker back into its queue under the same id, or fails it when it was tried too often. True when
 * this call decided it.
 */
export const releaseLost = async (
  deps: FinishOrTellDeps & { queue: JobQueue },
  job: Job,
  more: { op: string; now: number },
): Promise<boolean> => giveBack(deps, job, workerLost(job), 0, more);

const giveBack = async (
  deps: FinishOrTellDeps & { queue: JobQueue },
  job: Job,
  atLast: Completion,
  pauseMs: number,
  more: { op: string; now: number },
): Promise<boolean> => {
  if (job.tries >= MAX_TRIES || job.canceled_by !== undefined)
    return (await finishJob(deps, job, atLast, more)) !== undefined;
  // Refused: somebody asked to cancel it meanwhile, which is then how it ends, or it is not this attempt's any more.
  const dueAt = more.now + pauseMs;
  const released = await deps.jobs.release(job, job.attempt, { dueAt, ran: true, op: more.op });
  if (!released) return (await finishJob(deps, job, atLast, more)) !== undefined;
  await deps.queue.send(job, dueAt, more.now);
  return true;
};
