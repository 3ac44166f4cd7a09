import { isHolderDead } from '../../shared/jobs/claim-job.ts';
import type { JobQueue, JobStore, PayloadStore, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost } from '../../shared/jobs/release-job.ts';
import type { Job, JobKey } from '../../shared/model/job.ts';

export type ReaperDeps = {
  jobs: JobStore;
  payloads: PayloadStore;
  workers: WorkerStore & {
    list(): Promise<{ sk: string; lease: number; jobs: { workspace: string; id: string; attempt: number }[] }[]>;
  };
  live: {
    /** Live jobs whose time came before `before`, oldest first, a bounded number of each workspace. */
    overdue(before: number): AsyncIterable<Job>;
  };
  queue: JobQueue;
  now: () => number;
  wait: (ms: number) => Promise<void>;
  report: (error: unknown, ids: Record<string, string>) => void;
};

/** How often workers are looked at while one holds a job. */
const LOOK_EVERY_MS = 4_000;
/** A queued job this long past its time may have lost its message. */
const OVERDUE_MS = 30_000;

/**
 * Brings back what was lost. The cases, each harmless when it is met twice:
 *
 * - a worker let its lease run out: its jobs are queued again under the same ids (attempt + 1), or failed when they
 *   were tried too often; then its item goes;
 * - a job is running, but its worker never gave a sign of life (it died within its first seconds): the same;
 * - a job is queued and its time is past by half a minute: its message may be lost, so it is sent again, at waits that
 *   double with the age of the job (a backlog must not cause a storm of messages);
 * - a job is queued and no worker group serves its tag: it stays, and is sent once a group does.
 */
export const recoverJobs = async (deps: ReaperDeps, remainingMs: () => number): Promise<void> => {
  await recoverOverdue(deps);
  while ((await recoverStaleWorkers(deps)) > 0 && remainingMs() > LOOK_EVERY_MS) await deps.wait(LOOK_EVERY_MS);
};

/** One look at all workers. Answers how many are alive and hold jobs. */
const recoverStaleWorkers = async (deps: ReaperDeps): Promise<number> => {
  const workers = await deps.workers.list();
  const stale = workers.filter((worker) => worker.lease < deps.now());
  for (const worker of stale) {
    const done = await Promise.all(worker.jobs.map((held) => recoverHeld(deps, held, worker.sk)));
    if (done.every(Boolean)) await deps.workers.gone(worker.sk);
  }
  return workers.length - stale.length;
};

/** True when nothing is left to do for this job of a dead worker. */
const recoverHeld = async (deps: ReaperDeps, held: JobKey & { attempt: number }, worker: string): Promise<boolean> => {
  try {
    const job = await deps.jobs.get(held);
    if (job?.status !== 'running' || job.attempt !== held.attempt) return true;
    await releaseLost(deps, job, { op: `reap:${worker}:${held.attempt}`, now: deps.now() });
    return true;
  } catch (error) {
    deps.report(error, { job: held.id, worker });
    return false;
  }
};

const recoverOverdue = async (deps: ReaperDeps): Promise<void> => {
  const now = deps.now();
  for await (const job of deps.live.overdue(now - OVERDUE_MS)) {
    try {
      await recoverOne(deps, job, now);
    } catch (error) {
      deps.report(error, { job: job.id });
    }
  }
};

const recoverOne = async (deps: ReaperDeps, job: Job, now: number): Promise<void> => {
  if (job.status === 'running') {
    if (await isHolderDead(deps.workers, job, now)) {
      await releaseLost(deps, job, { op: `reap:${job.worker ?? ''}:${job.attempt}`, now });
    }
    return;
  }
  if (job.status === 'queued' && isResendDue(now - job.scheduled_for)) await deps.queue.send(job, now, now);
};

/**
 * Whether a job that waits for `ageMs` is sent again in this minute: in the 1st, 2nd, 4th, 8th... minute of its wait, so
 * a job that waits for a day has been sent a dozen times, not 1,440.
 */
export const isResendDue = (ageMs: number): boolean => {
  const minute = Math.max(1, Math.round(ageMs / 60_000));
  return (minute & (minute - 1)) === 0;
};
