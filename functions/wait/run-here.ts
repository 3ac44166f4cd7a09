import type { Delivery, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseUnstarted, releaseWaiting } from '../../shared/jobs/release-job.ts';
import { type AttemptDeps, runAttempt } from '../../shared/jobs/run-attempt.ts';
import { type StartDeps, startClaimedJob, startJob } from '../../shared/jobs/start-job.ts';
import type { Job } from '../../shared/model/job.ts';
import type { RunRequest } from '../../shared/model/request.ts';
import type { Background } from './background.ts';

export type RunHereDeps = AttemptDeps &
  StartDeps & {
    workers: WorkerStore;
    /** Name of this environment as a worker. */
    worker: string;
    background: Background;
    /** Resolves after so many milliseconds, or at once when `signal` says that nobody waits any more. */
    wait: (ms: number, signal?: AbortSignal) => Promise<void>;
  };

/**
 * Starts a new job in this invocation: made already claimed, with the same writes, beats and limits as from a queue. Answers
 * its run, which goes on whether anybody waits for it or not and gives the completed job, or undefined when it was queued
 * after all (no room). Undefined at once: it is somebody else's (a repeated request) or was queued instead (a later time,
 * a tag of another group, or a job that is a task of its own).
 */
export const startHere = async (
  deps: RunHereDeps,
  request: RunRequest,
  requestId: string,
): Promise<{ running: Promise<Job | undefined> } | undefined> => {
  const now = deps.now();
  const later = request.scheduled_for > now || request.settings?.debounce !== undefined;
  if (later || !deps.queue.serves(request.tag) || deps.queue.runsAsTask(request)) {
    await startJob(deps, request, `create:${requestId}`, now);
    return undefined;
  }
  const claim = { worker: deps.worker, op: `create:${requestId}` };
  const { started, fresh } = await startClaimedJob(deps, request, claim, now);
  return fresh ? { running: deps.background.keep(attempt(deps, started, requestId)) } : undefined;
};

/** Starts a new job here and answers it once it is completed; undefined when it is not completed here by `deadline`. */
export const runHere = async (
  deps: RunHereDeps,
  request: RunRequest,
  requestId: string,
  deadline: number,
): Promise<Job | undefined> => {
  const here = await startHere(deps, request, requestId);
  if (here === undefined) return undefined;
  const answered = new AbortController();
  const timeIsUp = deps.wait(Math.max(0, deadline - deps.now()), answered.signal).then(() => undefined);
  try {
    return await Promise.race([here.running, timeIsUp]);
  } finally {
    answered.abort();
  }
};

const attempt = async (deps: RunHereDeps, job: Job, requestId: string): Promise<Job | undefined> => {
  try {
    const end = await runAttempt(deps, job, `end:${requestId}`, messageLater(deps, job));
    if (end.is === 'finished') return end.job;
    if (end.is === 'waits')
      await releaseWaiting(deps, job, end, { op: `waits:${requestId}`, now: deps.now(), random: deps.random() });
    return undefined;
  } catch (error) {
    deps.report('an attempt could not start', error, { job: job.id });
    await releaseUnstarted(deps, job, { op: `lost:${requestId}`, now: deps.now() });
    return undefined;
  }
};

/**
 * No message brought this job. One is sent when it begins to take long, to come when its worker would have died: whoever gets
 * it while the worker lives sends it on.
 */
const messageLater = (deps: Pick<RunHereDeps, 'queue' | 'now'>, job: Job): Delivery => {
  let sent = false;
  return {
    keep: async (seconds) => {
      if (sent) return;
      sent = true;
      const now = deps.now();
      await deps.queue.send(job, now + seconds * 1000, now).catch(() => {
        sent = false;
      });
    },
  };
};
