import { type Completion, failed, timedOut } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { markedResult } from '../model/marked-result.ts';
import type { EndFrame, StatedContent } from '../model/runner.ts';
import { takeLargeResult } from './large-result.ts';
import type { UploadStore } from './payload-ports.ts';

/** An attempt that is over, and what it came to. */
export type Ended = { is: 'ended'; completion: Completion; timedOut: boolean; cacheKey?: string | undefined };

/** What a runner said last: its `end`, the text of its result, or where that lies. */
export type LastWords = { end: EndFrame; result: string; large: StatedContent | undefined };

/** The end of an attempt as its runner told it. A large result is looked at where it lies. */
export const runnerEnd = async (uploads: UploadStore, job: Job, { end, result, large }: LastWords): Promise<Ended> => {
  const told = ended(end, result, job);
  if (large === undefined || told.completion.status !== 'success') return told;
  return { ...told, completion: { ...told.completion, ...(await takeLargeResult(uploads, job, large)) } };
};

/** The end of an attempt whose runner died. */
export const runnerDied = (why: string): Ended => ({
  is: 'ended',
  completion: failed({ name: 'RunnerDied', message: `Job failed: ${why}` }),
  timedOut: false,
});

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
