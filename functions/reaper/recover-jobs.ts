import { isHolderDead } from '../../shared/jobs/claim-job.ts';
import type { FinishDeps } from '../../shared/jobs/finish-job.ts';
import type { JobQueue, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost } from '../../shared/jobs/release-job.ts';
import { runFollowups } from '../../shared/jobs/run-followups.ts';
import { isCompleted, isUrgent, type Job, type JobKey } from '../../shared/model/job.ts';
import { isResent, looksAt, type Span } from './looks.ts';

export type ReaperDeps = FinishDeps & {
  workers: WorkerStore & {
    list(): Promise<{ sk: string; lease: number; jobs: { workspace: string; id: string; attempt: number }[] }[]>;
  };
  live: {
    /** Each workspace that has live jobs, with the due time of its oldest. */
    oldest(): AsyncIterable<{ workspace: string; due: number }>;
    /** Live jobs that were due in a span, a bounded number. */
    within(workspace: string, span: Span): AsyncIterable<Job>;
  };
  queue: JobQueue;
  now: () => number;
  wait: (ms: number) => Promise<void>;
};

/** How often workers are looked at while one holds a job. */
const LOOK_EVERY_MS = 4_000;

/**
 * Brings back what was lost. The cases, each harmless when it is met twice:
 *
 * - a worker let its lease run out: its jobs are queued again under the same ids (attempt + 1), or failed when they
 *   were tried too often; then its item goes;
 * - a job is running, but its worker never gave a sign of life (it died within its first seconds): the same;
 * - a job is queued and its time is past by half a minute: its message may be lost, so it is sent again, at waits that
 *   double with the age of the job, and not while hundreds of messages of its tag wait anyway;
 * - a job has ended, but what it owes others was not paid: its followups are paid;
 * - a job is queued and no worker group serves its tag: it stays, and is sent once a group does (`send-new-tags.ts`).
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
    deps.report('a job could not be recovered', error, { job: held.id, worker });
    return false;
  }
};

const recoverOverdue = async (deps: ReaperDeps): Promise<void> => {
  const now = deps.now();
  const backlogOf = backlogs(deps.queue);
  for await (const { workspace, due } of deps.live.oldest()) {
    for (const span of looksAt(now, due)) {
      for await (const job of deps.live.within(workspace, span)) {
        try {
          await recoverOne(deps, job, now, backlogOf);
        } catch (error) {
          deps.report('a job could not be recovered', error, { job: job.id });
        }
      }
    }
  }
};

type BacklogOf = (job: Job) => Promise<number>;

/** How many messages wait in the queue that a job goes by, asked once a look. */
const backlogs = (queue: JobQueue): BacklogOf => {
  const known = new Map<string, Promise<number>>();
  return (job) => {
    const name = `${job.tag} ${isUrgent(job)}`;
    const backlog = known.get(name) ?? queue.backlog(job);
    known.set(name, backlog);
    return backlog;
  };
};

const recoverOne = async (deps: ReaperDeps, job: Job, now: number, backlogOf: BacklogOf): Promise<void> => {
  if (isCompleted(job.status)) return runFollowups(deps, job, now);
  if (job.status === 'running') {
    if (await isHolderDead(deps.workers, job, now)) {
      await releaseLost(deps, job, { op: `reap:${job.worker ?? ''}:${job.attempt}`, now });
    }
    return;
  }
  if (isResent(now - job.scheduled_for, await backlogOf(job))) await deps.queue.send(job, now, now);
};
