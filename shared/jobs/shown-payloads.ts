import type { Job } from '../model/job.ts';
import { isTooBig, TOO_BIG_ARGS, TOO_BIG_RESULT } from '../model/job-view.ts';
import type { PayloadStore } from './payload-ports.ts';

/**
 * A job's arguments and result as JSON text for whoever looks at the whole job: from 90,000 bytes on a placeholder, and the
 * value itself has a route of its own.
 */
export const shownPayloads = async (
  payloads: PayloadStore,
  job: Job,
): Promise<{ args: string; result: string | undefined }> => {
  const shown = (payload: Job['args'], placeholder: string): string | Promise<string> =>
    isTooBig(payload) ? placeholder : payloads.get(job, payload);
  const [args, result] = await Promise.all([
    shown(job.args, TOO_BIG_ARGS),
    job.result === undefined ? undefined : shown(job.result, TOO_BIG_RESULT),
  ]);
  return { args, result };
};
