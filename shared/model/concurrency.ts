import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** A limit of how many jobs of one key run at once, or within a window. */
export const Concurrency = z.object({
  /** Within the workspace. */
  key: z.string(),
  limit: z.number().int().positive(),
  /** Seconds for which a job that has ended still counts; 0: only running ones do. */
  window_s: z.number().int().nonnegative(),
});
export type Concurrency = z.infer<typeof Concurrency>;

const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

const at = (args: JsonObject, path: string): Json | undefined => {
  let value: Json | undefined = args;
  for (const name of path.split('.'))
    value = value !== undefined && isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
};

/** Replaces `$workspace`, `$args[x]` and `$args[a.b]` (a missing one by nothing) in a tag or key (reference 1.10, 1.11). */
export const interpolated = (text: string, workspace: string, args: JsonObject): string =>
  text
    .replaceAll('$workspace', () => workspace)
    .replaceAll(/\$args\[([^\]]+)\]/g, (_, path: string) => textOf(at(args, path)));

/** The limit that a script states, for a job with these arguments. Undefined: none. */
export const concurrencyOf = (
  stated: {
    concurrent_limit?: number | null | undefined;
    concurrency_time_window_s?: number | null | undefined;
    concurrency_key?: string | null | undefined;
  },
  job: { workspace: string; path: string; args: JsonObject },
): Concurrency | undefined =>
  stated.concurrent_limit
    ? {
        key: stated.concurrency_key
          ? interpolated(stated.concurrency_key, job.workspace, job.args).slice(0, 255)
          : `script/${job.path}`,
        limit: stated.concurrent_limit,
        window_s: stated.concurrency_time_window_s ?? 0,
      }
    : undefined;

/** What the line of a key knows of it: when the last of those that wait was told to come, and how long its jobs take. */
export type Line = { next_at: number; total_ms: number; ended: number };

/** Jobs that wait come at least this far apart from now, whatever the others do. */
const LEAST_WAIT_MS = 1_000;

/**
 * When a job that finds its limit reached looks again: behind all who wait already, as far apart as places become free. So
 * ten thousand that wait look about once each, and not all of them every few seconds.
 */
export const lookAgainAt = (
  limit: Concurrency,
  line: Line | undefined,
  freeAt: number | undefined,
  now: number,
): number => {
  const average = line === undefined || line.ended === 0 ? 0 : line.total_ms / line.ended;
  const apart = (Math.max(LEAST_WAIT_MS, average + 100) + limit.window_s * 1000) / limit.limit;
  return Math.round(Math.max(now + LEAST_WAIT_MS, freeAt ?? 0, (line?.next_at ?? 0) + apart));
};
