import { isCompleted, isSuccess, type Job, type JobKey } from '../model/job.ts';
import { jobView, type RawFields, withRawFields } from '../model/job-view.ts';
import { logStretch } from '../model/log-pages.ts';
import { progressOf } from '../model/progress.ts';
import type { LogReader, PayloadStore } from './payload-ports.ts';
import type { JobStore } from './ports.ts';
import { shownPayloads } from './shown-payloads.ts';
import { streamSince } from './stream-since.ts';

/** What following a job takes. */
export type UpdateDeps = {
  jobs: Pick<JobStore, 'get'>;
  payloads: PayloadStore;
  logs: LogReader;
  now: () => number;
  wait: (ms: number) => Promise<void>;
};

/** Windmill's streams end after 60 s with a `timeout` event, and its clients reconnect. */
const STREAM_MS = 55_000;
/** A quiet stream says that it lives: proxies cut silent connections. */
const PING_MS = 15_000;
/** New text of the log, and of the stream, in one event; more follows in the next. */
const MAX_NEW_CHARS = 1_000_000;

/** Where an update stream starts, and what it tells. Offsets count characters. */
export type UpdateWish = {
  log_offset?: number | undefined;
  stream_offset?: number | undefined;
  only_result?: boolean | undefined;
  no_logs?: boolean | undefined;
  get_progress?: boolean | undefined;
  /** Look every 100 ms however old the stream is. */
  fast?: boolean | undefined;
  poll_delay_ms?: number | undefined;
};

/**
 * The events of a job from the client's offsets on: only on change, at most every 100 ms, the last with the whole job. Those
 * of a job that goes on end after `forMs` with a `timeout`.
 */
export async function* jobUpdates(
  deps: UpdateDeps,
  key: JobKey,
  query: UpdateWish,
  forMs = STREAM_MS,
): AsyncIterable<string | Uint8Array> {
  const openedAt = deps.now();
  const at = { log: query.log_offset ?? 0, stream: query.stream_offset ?? 0 };
  let told = '';
  let lastEventAt = openedAt;
  while (deps.now() - openedAt < forMs) {
    const job = await deps.jobs.get(key);
    if (job === undefined) {
      yield event({ type: 'notfound' });
      return;
    }
    const update = await nextUpdate(deps, job, query, at);
    at.log = update.log_offset;
    at.stream = update.stream_offset ?? at.stream;
    const state = JSON.stringify([update.running, update.completed, at, job.mem_peak, update.progress]);
    if (state !== told) {
      const data = { type: 'update', ...update };
      if (update.completed && query.only_result === true) yield* resultEvent(deps, data, job);
      else yield event(data, update.completed ? await ending(deps, job) : {});
      told = state;
      lastEventAt = deps.now();
    } else if (deps.now() - lastEventAt > PING_MS) {
      yield event({ type: 'ping' });
      lastEventAt = deps.now();
    }
    if (update.completed) return;
    await deps.wait(query.poll_delay_ms ?? delayAfter(deps.now() - openedAt, query.fast ?? false));
  }
  yield event({ type: 'timeout' });
}

/** Line ends of a raw field stand between its tokens, where a space means the same: within an event they would end it. */
const event = (data: object, raw: RawFields = {}): string =>
  `data: ${withRawFields(data, raw).replaceAll(/[\r\n]/g, ' ')}\n\n`;

const delayAfter = (ageMs: number, fast: boolean): number => {
  if (fast || ageMs < 5_000) return 100;
  return 500;
};

const nextUpdate = async (deps: UpdateDeps, job: Job, query: UpdateWish, at: { log: number; stream: number }) => {
  const completed = isCompleted(job.status);
  const progress = query.get_progress === true ? progressOf(job) : undefined;
  const silent = query.no_logs === true || query.only_result === true;
  const parts = silent ? [] : await deps.logs.parts(job);
  const stretch = logStretch(parts, at.log, MAX_NEW_CHARS, completed);
  let text = '';
  for await (const piece of deps.logs.text(stretch.parts)) text += piece;
  const stream = await streamSince(deps.logs, job, at.stream, MAX_NEW_CHARS);
  return {
    running: job.status === 'running',
    // A job is told to be completed only with the last of its log and of its stream.
    completed: completed && stretch.whole && stream.whole,
    log_offset: stretch.offset,
    ...(text === '' ? {} : { new_logs: text }),
    ...stream.fields,
    ...(job.mem_peak === undefined ? {} : { mem_peak: job.mem_peak }),
    ...(progress === undefined ? {} : { progress }),
  };
};

/** Within a job a large result is a placeholder (reference 1.2). */
const ending = async (deps: UpdateDeps, job: Job): Promise<RawFields> => ({
  job: withRawFields(jobView(job), await shownPayloads(deps.payloads, job)),
});

/** `only_result` is the result itself, whatever its size: sent in the pieces it comes in. */
async function* resultEvent(deps: UpdateDeps, data: object, job: Job): AsyncIterable<string | Uint8Array> {
  const head = JSON.stringify({ ...data, success: isSuccess(job.status) });
  yield `data: ${head.slice(0, -1)},"only_result":`;
  const pieces = job.result === undefined ? ['null'] : deps.payloads.stream(job, job.result);
  for await (const piece of pieces) yield onOneLine(typeof piece === 'string' ? Buffer.from(piece) : piece);
  yield '}\n\n';
}

/** Line ends stand between the tokens of JSON, and within an event they would end it. */
const onOneLine = (bytes: Uint8Array): Uint8Array =>
  bytes.includes(0x0a) || bytes.includes(0x0d)
    ? bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte))
    : bytes;
