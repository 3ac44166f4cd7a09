import type { Sight } from '../../shared/access/job-visibility.ts';
import type { LogReader, PayloadStore } from '../../shared/jobs/payload-ports.ts';
import type { JobQueue, JobStore } from '../../shared/jobs/ports.ts';
import { shownPayloads } from '../../shared/jobs/shown-payloads.ts';
import { streamSince } from '../../shared/jobs/stream-since.ts';
import { shownJob } from '../../shared/jobs/visible-job.ts';
import { notFound } from '../../shared/model/errors.ts';
import { isCompleted, type Job, type JobKey } from '../../shared/model/job.ts';
import { jobView, withRawFields } from '../../shared/model/job-view.ts';
import { logLength, logStretch, partsFrom } from '../../shared/model/log-pages.ts';
import { progressOf } from '../../shared/model/progress.ts';
import { whyWaiting } from '../../shared/model/waiting.ts';

export type ReadDeps = { jobs: JobStore; payloads: PayloadStore; logs: LogReader };

/** Tells which tags some worker group serves. */
export type Served = { queue: Pick<JobQueue, 'serves'> };

/** `get` shows this much of a log: its end (reference 1.2). */
const SHOWN_LOG_CHARS = 20_000;

/** The job, or a 404 as long as it is not completed: clients poll on that. */
export const completedJobAt = async (deps: Pick<ReadDeps, 'jobs'>, sight: Sight, key: JobKey): Promise<Job> => {
  const job = await shownJob(deps.jobs, sight, key);
  if (!isCompleted(job.status)) throw notFound(`Completed job not found: ${key.id} is ${job.status}`);
  return job;
};

/** Joins what an async source yields. */
const joined = async (pieces: AsyncIterable<string>): Promise<string> => {
  const texts: string[] = [];
  for await (const piece of pieces) texts.push(piece);
  return texts.join('');
};

const logEnd = async (deps: ReadDeps, job: Job): Promise<string> => {
  const parts = await deps.logs.parts(job);
  return joined(deps.logs.text(partsFrom(parts, logLength(parts) - SHOWN_LOG_CHARS)));
};

/** The job's JSON text, with everything a job page shows. Values over 90,000 bytes are placeholders. */
export const jobText = async (
  deps: ReadDeps & Served,
  job: Job,
  now: number,
  without: { logs?: boolean | undefined; code?: boolean | undefined },
): Promise<string> => {
  const [shown, code, logs] = await Promise.all([
    shownPayloads(deps.payloads, job),
    job.code === undefined || without.code ? undefined : deps.payloads.get(job, job.code),
    without.logs ? undefined : logEnd(deps, job),
  ]);
  return withRawFields(
    { ...jobView(job, { waits_for: whyWaiting(job, deps.queue.serves(job.tag), now) }), logs, raw_code: code },
    shown,
  );
};

/** One answer brings at most this much new text: with escapes it stays below Lambda's 6 MB. */
const NEW_LOG_CHARS = 750_000;
const NEW_STREAM_CHARS = 200_000;

/**
 * What became of the job since the client's offsets. A completed job is told to be completed only with the last of its
 * log and stream, so that clients go on asking until they have it all.
 */
export const jobUpdate = async (
  deps: ReadDeps,
  job: Job,
  from: { log: number; stream: number },
  wanted: { logs: boolean; progress: boolean },
) => {
  const progress = wanted.progress ? progressOf(job) : undefined;
  const stream = await streamSince(deps.logs, job, from.stream, NEW_STREAM_CHARS);
  const state = {
    running: job.status === 'running',
    ...(job.mem_peak === undefined ? {} : { mem_peak: job.mem_peak }),
    ...(progress === undefined ? {} : { progress }),
    ...stream.fields,
  };
  const completed = isCompleted(job.status) && stream.whole;
  if (!wanted.logs) return { ...state, completed, log_offset: from.log };
  const stretch = logStretch(await deps.logs.parts(job), from.log, NEW_LOG_CHARS, isCompleted(job.status));
  const text = await joined(deps.logs.text(stretch.parts));
  return {
    ...state,
    completed: completed && stretch.whole,
    log_offset: stretch.offset,
    ...(text === '' ? {} : { new_logs: text }),
  };
};
