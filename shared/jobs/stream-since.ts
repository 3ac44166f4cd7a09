import { isCompleted, type Job, streamsNow } from '../model/job.ts';
import { logStretch } from '../model/log-pages.ts';
import type { LogReader } from './payload-ports.ts';

/** Windmill's fields about what a job streams; none of a job that streams nothing. */
export type StreamFields = { stream_offset?: number; new_result_stream?: string };

/**
 * What the present attempt streamed from `offset` on (characters, over all attempts), at most `limit` characters; `whole`
 * when nothing is behind it. An attempt streams anew: whoever read an earlier one's gets its stream from the beginning.
 */
export const streamSince = async (
  logs: LogReader,
  job: Job,
  offset: number,
  limit: number,
): Promise<{ fields: StreamFields; whole: boolean }> => {
  if (!streamsNow(job)) return { fields: {}, whole: true };
  const parts = await logs.streamParts(job);
  const from = Math.max(offset, parts[0]?.start ?? 0);
  const stretch = logStretch(parts, from, limit, isCompleted(job.status));
  let text = '';
  for await (const piece of logs.text(stretch.parts)) text += piece;
  const fields = { stream_offset: stretch.offset, ...(text === '' ? {} : { new_result_stream: text }) };
  return { fields, whole: stretch.whole };
};
