import { claimJob } from '../../shared/jobs/claim-job.ts';
import type { Delivery, JobQueue, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost, releaseUnstarted, releaseWaiting } from '../../shared/jobs/release-job.ts';
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

/** A message that is being worked on. */
export type Message = Delivery & { id: string };

/** From the claim to the first beat, and some more: a worker that dies before it ever beat loses its message soon. */
const FIRST_KEPT_S = 10;

/**
 * What one message leads to: claim, run, end. Resolves when the message has done its work and may be deleted; throws
 * when it should come again. A message that came early, or found the job held or the lane full, is replaced by a
 * delayed one. One about a job that has ended removes what that asked to be removed, once its time has come.
 */
export const dispatchJob = async (deps: DispatchDeps, key: JobKey, message: Message): Promise<void> => {
  // Side by side with the claim, and long over when the job is: it takes no time.
  const kept = message.keep(FIRST_KEPT_S);
  try {
    await dispatchKept(deps, key, message);
  } finally {
    await kept;
  }
};

const dispatchKept = async (deps: DispatchDeps, key: JobKey, message: Message): Promise<void> => {
  const op = `${deps.worker}:${message.id}`;
  const claim = await claimJob(deps, key, {
    worker: deps.worker,
    now: deps.now(),
    op: `claim:${op}`,
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
    case 'lost':
      await releaseLost(deps, claim.job, { op: `over:${op}`, now: deps.now() });
      return;
    case 'run':
      break;
  }
  const end = await attempt(deps, claim.job, op, message);
  if (end?.is !== 'waits') return;
  await releaseWaiting(deps, claim.job, end, { op: `waits:${op}`, now: deps.now(), random: deps.random() });
};

/** An attempt that could not start for a fault of ours is given back, rather than held until its message returns. */
const attempt = async (
  deps: DispatchDeps,
  job: Job,
  op: string,
  delivery: Delivery,
): Promise<AttemptEnd | undefined> => {
  try {
    const wanted = await tickAtStart(deps, job, { op: `tick:${op}`, now: deps.now() });
    return wanted === undefined ? undefined : await runAttempt(deps, wanted, `end:${op}`, delivery);
  } catch (error) {
    deps.report('an attempt could not start', error, { job: job.id });
    await releaseUnstarted(deps, job, { op: `lost:${op}`, now: deps.now() });
    return undefined;
  }
};
