import { claimJob } from '../../shared/jobs/claim-job.ts';
import type { JobQueue, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost, releaseWaiting } from '../../shared/jobs/release-job.ts';
import { type AttemptDeps, type AttemptEnd, runAttempt } from '../../shared/jobs/run-attempt.ts';
import { runFollowups } from '../../shared/jobs/run-followups.ts';
import { type TickStartDeps, tickAtStart } from '../../shared/jobs/tick-at-start.ts';
import type { Job, JobKey } from '../../shared/model/job.ts';

export type DispatchDeps = AttemptDeps &
  TickStartDeps & {
    workers: WorkerStore;
    queue: JobQueue;
    /** Name of this environment as a worker. */
    worker: string;
  };

/**
 * What one message leads to: claim, run, end. Resolves when the message has done its work and may be deleted; throws
 * when it should come again. A message that came early, or found the lane full, is replaced by a delayed one.
 * One about a job that has ended removes what that asked to be removed, once its time has come.
 */
export const dispatchJob = async (deps: DispatchDeps, key: JobKey, messageId: string): Promise<void> => {
  const claim = await claimJob(deps, key, {
    worker: deps.worker,
    now: deps.now(),
    op: `claim:${deps.worker}:${messageId}`,
  });
  switch (claim.is) {
    case 'nothing':
      return;
    case 'owing':
      await runFollowups(deps, claim.job, deps.now());
      return;
    case 'deletion':
      await deps.followups.wipe(claim.job, deps.now());
      return;
    case 'early':
      await deps.queue.send(claim.job, claim.dueAt, deps.now());
      return;
    case 'run':
      break;
  }
  const op = `${deps.worker}:${messageId}`;
  const end = await attempt(deps, claim.job, op);
  if (end?.is !== 'waits') return;
  await releaseWaiting(deps, claim.job, end, { op: `waits:${op}`, now: deps.now(), random: deps.random() });
};

/** An attempt that could not start for a fault of ours is given back at once, rather than held until its message returns. */
const attempt = async (deps: DispatchDeps, job: Job, op: string): Promise<AttemptEnd | undefined> => {
  try {
    const wanted = await tickAtStart(deps, job, { op: `tick:${op}`, now: deps.now() });
    return wanted === undefined ? undefined : await runAttempt(deps, wanted, `end:${op}`);
  } catch (error) {
    deps.report('an attempt could not start', error, { job: job.id });
    await releaseLost(deps, job, { op: `lost:${op}`, now: deps.now() });
    return undefined;
  }
};
