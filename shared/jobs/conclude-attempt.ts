import { failed } from '../model/completion.ts';
import type { Job, WaitReason } from '../model/job.ts';
import { withStream } from '../model/stream-result.ts';
import { finishAttempt } from './finish-attempt.ts';
import type { FinishOrTellDeps } from './finish-job.ts';
import type { Evaluate, ResultCache, SlotStore } from './limit-ports.ts';
import type { LogWriter } from './log-writer.ts';
import { nextTry } from './retry-attempt.ts';
import type { Ended } from './runner-end.ts';
import { RESULT_LIMIT_BYTES } from './runner-request.ts';

export type ConcludeDeps = FinishOrTellDeps & {
  evaluate: Evaluate;
  slots: SlotStore;
  cache: ResultCache;
  random: () => number;
  pause: (ms: number) => Promise<void>;
  now: () => number;
};

/** What became of an attempt that ended. */
export type Concluded =
  | { is: 'finished'; job: Job }
  /** The claim is the caller's to give back, until `dueAt` where that is known. */
  | { is: 'waits'; reason: WaitReason; dueAt?: number }
  /** Somebody else ended or took over the job: this attempt's outcome was discarded. */
  | { is: 'superseded' };

/**
 * Writes down how an attempt ended, on whichever lane: its job is done, or tried again by its own policy. `streamed` is all
 * that it streamed, masked.
 */
export const concludeAttempt = async (
  deps: ConcludeDeps,
  job: Job,
  end: Ended,
  said: { log: LogWriter; streamed: string | undefined },
  op: string,
): Promise<Concluded> => {
  const { log, streamed } = said;
  const ran = { ...end, completion: withStream(end.completion, streamed) };
  const again = await nextTry(deps.evaluate, job, ran.completion, deps.random());
  if (again.note !== undefined) await log.write(`[millrace] ${again.note}\n`);
  if (again.inMs !== undefined) {
    // Others may have its place meanwhile.
    await leavePlace(deps, job);
    await log.close();
    return { is: 'waits', reason: 'retry', dueAt: deps.now() + again.inMs };
  }
  const finished = await finishPatiently(deps, job, ran, log, op);
  if (finished === undefined) return { is: 'superseded' };
  await keepResult(deps, finished, ran.cacheKey);
  return { is: 'finished', job: finished };
};

/** Between the tries to write down how a job ended. */
const FINISH_AGAIN_MS = [3_000];

/**
 * Code that ran is not run again because a store does not take its result at once. One that S3 does not take at all ends the
 * job with the reason.
 */
const finishPatiently = async (
  deps: ConcludeDeps,
  job: Job,
  ran: Ended,
  log: LogWriter,
  op: string,
): Promise<Job | undefined> => {
  for (const pauseMs of FINISH_AGAIN_MS) {
    try {
      return await finishAttempt(deps, job, ran, log, op);
    } catch (error) {
      deps.report('the end of a job could not be stored', error, { job: job.id });
      await deps.pause(pauseMs);
    }
  }
  try {
    return await finishAttempt(deps, job, ran, log, op);
  } catch (error) {
    deps.report('the result of a job is given up', error, { job: job.id });
    const message = `Job failed: its result of ${ran.completion.result.length} characters could not be stored`;
    return finishAttempt(deps, job, { ...ran, completion: failed({ name: 'ResultLost', message }) }, log, op);
  }
};

/** Of this attempt only: where another has taken the job over, the place is that one's. */
const leavePlace = async (deps: ConcludeDeps, { workspace, concurrency, id, attempt }: Job): Promise<void> => {
  if (concurrency === undefined) return;
  await deps.slots.free(workspace, concurrency, { job: id, attempt }, { now: deps.now(), durationMs: 0 });
};

/** A result that cannot be kept is only worked out again. */
const keepResult = async (deps: ConcludeDeps, job: Job, cacheKey: string | undefined): Promise<void> => {
  if (cacheKey === undefined || job.status !== 'success' || job.result === undefined || !job.cache_ttl) return;
  // It would pass through memory whole wherever it is used again.
  if (job.result.at === 'object' && job.result.bytes > RESULT_LIMIT_BYTES) return;
  // It would outlive what was to be deleted, or point to nothing.
  if (job.delete_after_secs !== undefined) return;
  const until = deps.now() + job.cache_ttl * 1000;
  await deps.cache
    .keep(job.workspace, cacheKey, { job: job.id, result: job.result }, until)
    .catch((error: unknown) => deps.report('a result could not be kept', error, { job: job.id }));
};
