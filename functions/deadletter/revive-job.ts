import { isHolderDead } from '../../shared/jobs/claim-job.ts';
import type { FinishDeps } from '../../shared/jobs/finish-job.ts';
import type { JobQueue, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost } from '../../shared/jobs/release-job.ts';
import { runFollowups } from '../../shared/jobs/run-followups.ts';
import { isCompleted, type JobKey } from '../../shared/model/job.ts';

export type DeadLetterDeps = FinishDeps & {
  workers: WorkerStore;
  queue: JobQueue;
  now: () => number;
};

/** A dead letter's job waits this long before it is sent again: whatever broke its dispatch five times needs a pause. */
const PAUSE_MS = 60_000;

/**
 * What becomes of a job whose message failed again and again: ended but still owing -> its followups; ended, and to be wiped some time -> that, or a message for that time; queued -> its message is sent again after a pause (the
 * claim never happened, so no try was used up); running under a dead worker -> queued again or failed; else nothing.
 */
export const reviveJob = async (deps: DeadLetterDeps, key: JobKey, messageId: string): Promise<void> => {
  const job = await deps.jobs.get(key);
  if (job === undefined) return;
  const now = deps.now();
  if (isCompleted(job.status)) {
    if (job.delete_after_secs !== undefined) await deps.followups.wipe(job, now);
    return runFollowups(deps, job, now);
  }
  if (job.status === 'queued') {
    await deps.queue.send(job, Math.max(job.scheduled_for, now + PAUSE_MS), now);
    return;
  }
  if (await isHolderDead(deps.workers, job, now)) await releaseLost(deps, job, { op: `dead:${messageId}`, now });
};
