import type { z } from 'zod';
import type { UpdateQuery } from '../../shared/contracts/stream.ts';
import { isCompleted, isSuccess, type Job, type JobKey } from '../../shared/model/job.ts';
import { jobView, type RawFields, withRawFields } from '../../shared/model/job-view.ts';
import { logLength, partsFrom } from '../../shared/model/log-pages.ts';
import type { StreamDeps } from './deps.ts';

/** Windmill's streams end after 60 s with a `timeout` event and its clients reconnect; ours do before the front door's limit. */
const STREAM_MS = 55_000;
/** A quiet stream says that it lives: proxies cut silent connections. */
const PING_MS = 15_000;
/** New log text of one event; more follows in the next. */
const MAX_LOG_CHARS = 1_000_000;

type Query = z.output<typeof UpdateQuery>;

/** The events of a job from the client's offsets on: only on change, at most every 100 ms, the last with the whole job. */
export async function* jobUpdates(deps: StreamDeps, key: JobKey, query: Query): AsyncIterable<string> {
  const openedAt = deps.now();
  let offset = query.log_offset ?? 0;
  let told = '';
  let lastEventAt = openedAt;
  while (deps.now() - openedAt < STREAM_MS) {
    const job = await deps.jobs.get(key);
    if (job === undefined) {
      yield event({ type: 'notfound' });
      return;
    }
    const update = await nextUpdate(deps, job, query, offset);
    offset = update.log_offset;
    const state = JSON.stringify([update.running, update.completed, offset, job.mem_peak]);
    if (state !== told) {
      yield event({ type: 'update', ...update }, update.completed ? await ending(deps, job, query) : {});
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

const event = (data: object, raw: RawFields = {}): string => `data: ${withRawFields(data, raw)}\n\n`;

const delayAfter = (ageMs: number, fast: boolean): number => {
  if (fast || ageMs < 5_000) return 100;
  return 500;
};

const nextUpdate = async (deps: StreamDeps, job: Job, query: Query, offset: number) => {
  const parts = query.no_logs === true || query.only_result === true ? [] : await deps.logs.parts(job);
  const total = parts.length === 0 ? offset : logLength(parts);
  const logs = await text(deps, parts, offset);
  // A job is told to be completed only with the last of its log.
  const completed = isCompleted(job.status) && offset + logs.chars >= total;
  return {
    running: job.status === 'running',
    completed,
    log_offset: offset + logs.chars,
    ...(logs.text === '' ? {} : { new_logs: logs.text }),
    ...(job.mem_peak === undefined ? {} : { mem_peak: job.mem_peak }),
  };
};

const text = async (
  deps: StreamDeps,
  parts: Parameters<typeof partsFrom>[0],
  offset: number,
): Promise<{ text: string; chars: number }> => {
  let rest = MAX_LOG_CHARS;
  const wanted = partsFrom(parts, offset).flatMap((part) => {
    const take = Math.min(part.take, rest);
    rest -= take;
    return take === 0 ? [] : [{ ...part, take }];
  });
  let joined = '';
  for await (const piece of deps.logs.text(wanted)) joined += piece;
  return { text: joined, chars: MAX_LOG_CHARS - rest };
};

const ending = async (deps: StreamDeps, job: Job, query: Query): Promise<RawFields> => {
  const result = job.result === undefined ? 'null' : await deps.payloads.get(job, job.result);
  if (query.only_result === true) return { only_result: result, success: String(isSuccess(job.status)) };
  return { job: withRawFields(jobView(job), { args: await deps.payloads.get(job, job.args), result }) };
};
