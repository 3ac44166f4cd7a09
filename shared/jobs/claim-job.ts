import { explainRefusedClaim, type Job, type JobKey } from '../model/job.ts';
import type { JobStore, WorkerStore } from './ports.ts';

/** What a worker that holds a job's message should do. */
export type Claim =
  | { is: 'run'; job: Job }
  /** The message came before its time: send it again for `dueAt`. */
  | { is: 'early'; job: Job; dueAt: number }
  /** It has ended, and owes others something that may not have been paid. */
  | { is: 'owing'; job: Job }
  /** It has ended, and asked that its arguments, result and log be removed some time after. */
  | { is: 'deletion'; job: Job }
  /** Somebody alive runs it, or it is over: the message has done its work. */
  | { is: 'nothing' };

/** A worker that claimed this recently is alive even without a beat: beats begin only after a few seconds. */
const GRACE_MS = 15_000;

/**
 * Takes a queued job for this worker by one conditional write. A message that finds the job held by a worker whose lease
 * ran out takes it over (attempt + 1), which fences the dead worker's late writes.
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
    case 'held':
      return (await isHolderDead(deps.workers, refused.job, claim.now))
        ? takeOver(deps, refused.job, claim)
        : { is: 'nothing' };
  }
};

/** True when the worker of a running job let its lease run out, or never gave a sign of life in time. */
export const isHolderDead = async (workers: WorkerStore, job: Job, now: number): Promise<boolean> => {
  if (now - (job.started_at ?? 0) < GRACE_MS) return false;
  const lease = job.worker === undefined ? undefined : await workers.leaseOf(job.worker);
  return lease === undefined || lease < now;
};

const takeOver = async (
  deps: { jobs: JobStore },
  job: Job,
  claim: { worker: string; now: number; op: string },
): Promise<Claim> => {
  const released = await deps.jobs.release(job, job.attempt, { dueAt: claim.now, ran: true, op: `${claim.op}:over` });
  if (!released) return { is: 'nothing' };
  const again = await deps.jobs.claim(job, claim);
  return again.claimed ? { is: 'run', job: again.job } : { is: 'nothing' };
};
