import type { Completion } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { isJsonObject, type Json, parseJson } from '../model/json.ts';
import { nextTryInMs } from '../model/retry.ts';
import type { Evaluate } from './limit-ports.ts';

/** What a failed attempt leads to: another one so many milliseconds later, or the end; `note` tells the log. */
export type NextTry = { inMs: number; note: string } | { inMs: undefined; note: string | undefined };

const END: NextTry = { inMs: undefined, note: undefined };

const reasonOf = (error: Json): string =>
  isJsonObject(error) && typeof error.message === 'string' ? (error.message.split('\n')[0] ?? '') : 'failed';

/** Whether a job that failed is tried again, by its own policy. A canceled one never is, one that ran over its time is. */
export const nextTry = async (
  evaluate: Evaluate,
  job: Job,
  completion: Completion,
  random: number,
): Promise<NextTry> => {
  if (job.retry === undefined || completion.status !== 'failure') return END;
  const done = job.retried ?? 0;
  const inMs = nextTryInMs(job.retry, done, random);
  if (inMs === undefined) return END;
  const parsed = parseJson(completion.result);
  const result = parsed.ok ? parsed.value : null;
  const error = isJsonObject(result) ? (result.error ?? null) : null;
  const condition = job.retry.retry_if?.expr;
  if (condition !== undefined) {
    const decided = await evaluate(condition, { result, error });
    if (!decided.ok)
      return { inMs: undefined, note: `not tried again: retry_if could not be evaluated: ${decided.reason}` };
    if (!decided.value) return { inMs: undefined, note: 'not tried again: retry_if says so' };
  }
  const wait = Math.round(inMs / 100) / 10;
  return { inMs, note: `try ${done + 1} failed (${reasonOf(error).slice(0, 200)}); trying again in ${wait} s` };
};
