import { type Completion, failed, timedOut } from '../model/completion.ts';
import { unreachable } from '../model/errors.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job, WaitReason } from '../model/job.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { markedResult } from '../model/marked-result.ts';
import type { EndFrame, StatedContent } from '../model/runner.ts';
import { withStream } from '../model/stream-result.ts';
import { tenantOf } from '../model/tenant.ts';
import type { Beats } from './beats.ts';
import { type BeforeDeps, beforeRun } from './before-run.ts';
import { finishAttempt } from './finish-attempt.ts';
import type { FinishDeps } from './finish-job.ts';
import { keepChoice, keepResultAsChoice } from './keep-choice.ts';
import { takeLargeResult } from './large-result.ts';
import type { Evaluate } from './limit-ports.ts';
import { LockPending, lookAgainAt } from './lock-pending.ts';
import { LogWriter } from './log-writer.ts';
import { NotRunnable } from './not-runnable.ts';
import type { LogStore, UploadStore } from './payload-ports.ts';
import { type Delivery, type Lane, LaneFull, RunnerLost } from './ports.ts';
import { ResultStream } from './result-stream.ts';
import { nextTry } from './retry-attempt.ts';
import { RESULT_LIMIT_BYTES, type RequestDeps, runnerRequest } from './runner-request.ts';
import type { Allowed } from './still-allowed.ts';
import type { MaskStore } from './value-ports.ts';

export type AttemptDeps = RequestDeps &
  FinishDeps &
  BeforeDeps & {
    evaluate: Evaluate;
    random: () => number;
    pause: (ms: number) => Promise<void>;
    stillAllowed: (job: Job, now: number) => Promise<Allowed>;
    logs: LogStore;
    streams: LogStore;
    masks: MaskStore;
    uploads: UploadStore;
    lane: Lane;
    beats: Beats;
  };

/** What became of an attempt. */
export type AttemptEnd =
  | { is: 'finished'; job: Job }
  /** Not now: the claim is the caller's to give back, until `dueAt` where that is known. */
  | { is: 'waits'; reason: WaitReason; dueAt?: number }
  /** Somebody else ended or took over the job: this attempt's outcome was discarded. */
  | { is: 'superseded' };

/**
 * Runs the attempt that `job` describes (claimed by this worker) on the lane, streams its log, and ends it. Throws only
 * when nothing can have run; once the runner may have started user code, every failure ends the job with its reason.
 */
export const runAttempt = (deps: AttemptDeps, job: Job, op: string, delivery: Delivery): Promise<AttemptEnd> =>
  deps.beats.during(job, delivery, async () => {
    const start = job.attempt > 1 ? await deps.logs.length(job) : 0;
    const log = new LogWriter(deps, job, start);
    await log.write(`job=${job.id} tag=${job.tag} worker=${job.worker ?? ''}\n`);
    const stream = new ResultStream(deps, job);
    const attempt = await onLane(deps, job, { log, stream });
    const streamed = await stream.end();
    if (attempt.is === 'waits') return waiting(attempt, log);
    const ran = { ...attempt, completion: withStream(attempt.completion, streamed) };
    const again = await nextTry(deps.evaluate, job, ran.completion, deps.random());
    if (again.note !== undefined) await log.write(`[millrace] ${again.note}\n`);
    if (again.inMs !== undefined) {
      // Others may have its place meanwhile.
      await leavePlace(deps, job);
      return waiting({ is: 'waits', reason: 'retry', dueAt: deps.now() + again.inMs }, log);
    }
    const finished = await finishPatiently(deps, job, ran, log, op);
    if (finished === undefined) return { is: 'superseded' };
    await keepResult(deps, finished, ran.cacheKey);
    return { is: 'finished', job: finished };
  });

/** Between the tries to write down how a job ended. */
const FINISH_AGAIN_MS = [3_000];

/**
 * Code that ran is not run again because a store does not take its result at once. One that S3 does not take at all ends the
 * job with the reason.
 */
const finishPatiently = async (
  deps: AttemptDeps,
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
const leavePlace = async (deps: AttemptDeps, { workspace, concurrency, id, attempt }: Job): Promise<void> => {
  if (concurrency === undefined) return;
  await deps.slots.free(workspace, concurrency, { job: id, attempt }, { now: deps.now(), durationMs: 0 });
};

type Waits = Extract<AttemptEnd, { is: 'waits' }>;
type Ended = { is: 'ended'; completion: Completion; timedOut: boolean; cacheKey?: string | undefined };

/** What a job said before it waits again stays in its log; a mere wait for room or packages leaves no trace in it. */
const waiting = async (waits: Waits, log: LogWriter): Promise<Waits> => {
  if (waits.reason === 'no_capacity' || waits.reason === 'dependencies') log.discard();
  else await log.close();
  return waits;
};

/** A result that cannot be kept is only worked out again. */
const keepResult = async (deps: AttemptDeps, job: Job, cacheKey: string | undefined): Promise<void> => {
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

/** Where what an attempt says goes. */
type Said = { log: LogWriter; stream: ResultStream };

const onLane = async (deps: AttemptDeps, job: Job, { log, stream }: Said): Promise<Ended | Waits> => {
  try {
    const allowed = await deps.stillAllowed(job, deps.now());
    if ('refused' in allowed) throw new NotRunnable(`Permission denied: ${allowed.refused}`);
    const before = await beforeRun(deps, job);
    if (before.is !== 'go') await log.write(`[millrace] ${before.note}\n`);
    if (before.is === 'waits') return { is: 'waits', reason: 'concurrency_limit', dueAt: before.dueAt };
    if (before.is === 'ends') return { is: 'ended', completion: before.completion, timedOut: false };
    const prepared = await runnerRequest(deps, job, allowed.standing, deps.now());
    const { request, secrets, isolation, known } = prepared;
    if (known !== undefined) {
      await log.write(`[millrace] the lock, which nothing had to be looked for:\n${known.lock}\n`);
      return { is: 'ended', completion: { status: 'success', result: JSON.stringify(known) }, timedOut: false };
    }
    log.masks.add(secrets);
    stream.mask(secrets);
    const tenancy = { job, code: request.code, script: isolation, workspace: allowed.isolation };
    const result: string[] = [];
    let large: StatedContent | undefined;
    for await (const frame of deps.lane.run(request, await sha256Hex(tenantOf(tenancy)))) {
      switch (frame.type) {
        case 'log':
          await log.write(frame.text);
          break;
        case 'stream':
          await stream.write(frame.text);
          break;
        case 'note':
          await log.write(`[millrace] ${frame.text}\n`);
          break;
        case 'lock':
          await keepChoice(deps, job, prepared.keepAs, frame.record);
          break;
        case 'result':
          result.push(frame.part);
          break;
        case 'large-result':
          large = frame;
          break;
        case 'end': {
          const end = ended(frame, result.join(''), job);
          if (job.kind === 'dependencies') await keepResultAsChoice(deps, job, prepared.keepAs, end.completion);
          return { ...(large === undefined ? end : await withLarge(deps, end, large, job)), cacheKey: before.cacheKey };
        }
        default:
          unreachable(frame);
      }
    }
    return lost('its runner died without a word, possibly out of memory');
  } catch (error) {
    if (error instanceof LaneFull) return { is: 'waits', reason: 'no_capacity' };
    if (error instanceof LockPending)
      return { is: 'waits', reason: 'dependencies', dueAt: lookAgainAt(job, deps.now()) };
    if (error instanceof RunnerLost) return lost(error.message);
    if (error instanceof NotRunnable)
      return { is: 'ended', completion: failed({ name: error.name, message: error.message }), timedOut: false };
    throw error;
  }
};

const lost = (why: string): Ended => ({
  is: 'ended',
  completion: failed({ name: 'RunnerDied', message: `Job failed: ${why}` }),
  timedOut: false,
});

/** The same end with a result that lies in S3, where the attempt was a success. */
const withLarge = async (deps: AttemptDeps, end: Ended, large: StatedContent, job: Job): Promise<Ended> =>
  end.completion.status === 'success'
    ? { ...end, completion: { ...end.completion, ...(await takeLargeResult(deps.uploads, job, large)) } }
    : end;

const ended = (end: EndFrame, result: string, job: Job): Ended => {
  const memory = end.memPeakKb === undefined ? {} : { memPeakKb: end.memPeakKb };
  switch (end.outcome) {
    case 'success': {
      // A runner is as trustworthy as the code it ran: what is stored as JSON must be JSON.
      const text = result === '' ? 'null' : result;
      const value = parseJson(text);
      if (!value.ok)
        return {
          is: 'ended',
          completion: failed({ name: 'InvalidResult', message: `The result is not JSON: ${value.reason}` }),
          timedOut: false,
        };
      return { is: 'ended', completion: { ...markedResult(text, value.value), ...memory }, timedOut: false };
    }
    case 'failure': {
      const error = parseJson(result);
      const value = error.ok && isJsonObject(error.value) ? error.value : { name: 'Error', message: result };
      return { is: 'ended', completion: { ...failed(value), ...memory }, timedOut: false };
    }
    case 'timeout':
      return { is: 'ended', completion: { ...timedOut(job.timeout_s), ...memory }, timedOut: true };
    case 'stopped':
      return {
        is: 'ended',
        completion: { ...failed({ name: 'Stopped', message: 'Job was stopped by its control poll' }), ...memory },
        timedOut: false,
      };
  }
};
