import type { Output, Pieces } from '../../shared/http/route.ts';
import type { PayloadStore } from '../../shared/jobs/payload-ports.ts';
import { RESULT_LIMIT_BYTES } from '../../shared/jobs/runner-request.ts';
import { compositeAnswer } from '../../shared/model/composite-result.ts';
import { Problem } from '../../shared/model/errors.ts';
import { isSuccess, type Job, type JobKey, type Payload } from '../../shared/model/job.ts';

/** A result may say how it is to be answered (`composite-result.ts`) unless it is so large that it is only passed through. */
const isReadable = (result: Payload): boolean => result.at === 'inline' || result.bytes <= RESULT_LIMIT_BYTES;

/**
 * 200 with the result, 422 with the error result of a job that failed, what the result says itself, or 303 to wait on (the
 * job goes on meanwhile).
 */
export const answerOf = async (
  deps: { payloads: PayloadStore },
  key: JobKey,
  job: Job | undefined,
): Promise<Output<Pieces>> => {
  if (job === undefined) {
    const location = `/api/w/${encodeURIComponent(key.workspace)}/jobs/run_wait_result/job/${key.id}`;
    return { status: 303, headers: { location, 'content-type': 'text/plain' }, body: key.id };
  }
  const status = isSuccess(job.status) ? 200 : 422;
  if (job.result === undefined) return { status, body: 'null' };
  if (!isReadable(job.result)) return { status, body: deps.payloads.stream(job, job.result) };
  const text = await deps.payloads.get(job, job.result);
  const composite = compositeAnswer(text, status);
  if (composite === undefined) return { status, body: text };
  if ('wrong' in composite)
    throw new Problem(500, `The result of job ${job.id} cannot be answered as it says: ${composite.wrong}`);
  return composite;
};
