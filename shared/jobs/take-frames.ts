import { Problem } from '../model/errors.ts';
import type { FrameBatch, FramesTaken } from '../model/frame-batch.ts';
import type { Job, JobKey } from '../model/job.ts';
import { isTaskWorker } from '../model/task-group.ts';
import { type ConcludeDeps, concludeAttempt } from './conclude-attempt.ts';
import { LogMasks } from './log-masks.ts';
import { LogWriter } from './log-writer.ts';
import type { LogStore, UploadStore } from './payload-ports.ts';
import type { JobQueue, JobStore, WorkerStore } from './ports.ts';
import { releaseWaiting } from './release-job.ts';
import { runnerEnd } from './runner-end.ts';
import type { TaskOrders, TaskProgress, TaskTerms, Written } from './task-ports.ts';
import type { MaskStore } from './value-ports.ts';
import { writeMasked } from './write-masked.ts';

export type TakeFramesDeps = ConcludeDeps & {
  jobs: JobStore;
  queue: JobQueue;
  workers: WorkerStore;
  orders: TaskOrders;
  logs: LogStore;
  streams: LogStore;
  masks: MaskStore;
  uploads: UploadStore;
};

/** The job of an attempt that is run by a task now; otherwise a 410: its runner has no business any more. */
export const taskJob = async (jobs: Pick<JobStore, 'get'>, key: JobKey, attempt: number): Promise<Job> => {
  const job = await jobs.get(key);
  if (job?.status !== 'running' || job.attempt !== attempt)
    throw new Problem(410, 'Gone: the attempt is over: nothing more is taken of it');
  if (!isTaskWorker(job)) throw new Problem(409, 'Conflict: this attempt is not run by a task');
  return job;
};

/**
 * Takes what a task says: writes its log and its stream, and with the last batch ends its job. Batches are taken in their
 * order and each once: one that came before is answered as it was, one too early is a 409 that names the one expected.
 */
export const takeFrames = async (
  deps: TakeFramesDeps,
  key: JobKey,
  attempt: number,
  batch: FrameBatch,
): Promise<FramesTaken> => {
  const [job, progress, terms] = await Promise.all([
    taskJob(deps.jobs, key, attempt),
    deps.orders.progress(key, attempt),
    deps.orders.terms(key, attempt),
  ]);
  if (progress === undefined || terms === undefined) throw new Problem(410, 'Gone: the attempt has no order');
  if (batch.seq === progress.seq) return progress.taken;
  if (batch.seq !== progress.seq + 1)
    throw new Problem(409, `Conflict: batch ${progress.seq + 1} is expected, not ${batch.seq}`);
  return batch.last === undefined
    ? write(deps, job, progress, terms, batch)
    : end(deps, job, progress, terms, { ...batch, last: batch.last });
};

/** The masks of one of an attempt's texts, which go on where the last batch ended; nothing is written before they are read. */
const masksFrom = async (
  deps: TakeFramesDeps,
  job: Job,
  standing: Pick<Written, 'covered' | 'masked'>,
  terms: TaskTerms,
): Promise<LogMasks> => {
  const masks = new LogMasks(deps.masks, job);
  masks.resume(standing);
  masks.add(terms.secrets);
  await masks.read();
  return masks;
};

const write = async (
  deps: TakeFramesDeps,
  job: Job,
  progress: TaskProgress,
  terms: TaskTerms,
  batch: FrameBatch,
): Promise<FramesTaken> => {
  const log = await writeMasked(
    deps.logs,
    job,
    await masksFrom(deps, job, progress.log, terms),
    progress.log,
    batch.log,
  );
  const stream = await writeStream(deps, job, progress, terms, batch.stream);
  const taken = { log: log.taken, stream: stream.taken };
  const next = { seq: batch.seq, taken, log: log.written, stream: stream.written };
  if (!(await deps.orders.advance(job, job.attempt, next)))
    throw new Problem(409, `Conflict: batch ${batch.seq} is being taken already`);
  return taken;
};

/** An attempt that streams nothing pays nothing for it. */
const writeStream = async (
  deps: TakeFramesDeps,
  job: Job,
  progress: TaskProgress,
  terms: TaskTerms,
  text: string,
): Promise<{ written: Written; taken: number }> => {
  if (text === '') return { written: progress.stream, taken: 0 };
  await deps.jobs.markStreaming(job, job.attempt);
  return writeMasked(deps.streams, job, await masksFrom(deps, job, progress.stream, terms), progress.stream, text);
};

const end = async (
  deps: TakeFramesDeps,
  job: Job,
  progress: TaskProgress,
  terms: TaskTerms,
  { log: text, stream, last }: FrameBatch & { last: NonNullable<FrameBatch['last']> },
): Promise<FramesTaken> => {
  const masks = await masksFrom(deps, job, progress.log, terms);
  const log = new LogWriter(deps, job, progress.log.start, masks);
  await log.write(text);
  const streamed = await restOfStream(deps, job, progress, terms, { rest: stream, whole: last.streamed });
  const ended = await runnerEnd(deps.uploads, job, { ...last, large: last.large });
  const op = `task-end:${job.attempt}`;
  const concluded = await concludeAttempt(deps, job, { ...ended, cacheKey: terms.cacheKey }, { log, streamed }, op);
  if (concluded.is === 'waits') {
    const more = { op: `task-waits:${job.attempt}`, now: deps.now(), random: deps.random() };
    await releaseWaiting(deps, job, concluded, more);
  }
  if (job.worker !== undefined) await deps.workers.gone(job.worker).catch(() => undefined);
  return { log: text.length, stream: stream.length };
};

/** All that was streamed, masked, once its rest is written; undefined when nothing was. */
const restOfStream = async (
  deps: TakeFramesDeps,
  job: Job,
  progress: TaskProgress,
  terms: TaskTerms,
  { rest, whole }: { rest: string; whole: string },
): Promise<string | undefined> => {
  if (whole === '') return undefined;
  if (rest !== '') {
    await deps.jobs.markStreaming(job, job.attempt);
    const masks = await masksFrom(deps, job, progress.stream, terms);
    const writer = new LogWriter({ ...deps, logs: deps.streams }, job, progress.stream.start, masks);
    await writer.write(rest);
    await writer.close();
  }
  const fresh = await masksFrom(deps, job, { covered: 0, masked: false }, terms);
  return fresh.end(whole);
};
