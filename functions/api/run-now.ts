import type { JobQueue, JobStore, LateMessages } from '../../shared/jobs/ports.ts';
import { badRequest } from '../../shared/model/errors.ts';
import type { Job } from '../../shared/model/job.ts';

/**
 * Makes a job that is queued for later due now, and sends its message. A job that is due already is only sent again;
 * one that runs or is over is a 400.
 */
export const runNow = async (
  deps: { jobs: Pick<JobStore, 'get' | 'makeDue'>; queue: JobQueue & LateMessages },
  job: Job,
  more: { op: string; now: number },
): Promise<void> => {
  const due = (await deps.jobs.makeDue(job, more.now, more.op)) ?? (await deps.jobs.get(job));
  if (due?.status !== 'queued')
    throw badRequest(`Bad request: job ${job.id} is ${due?.status ?? 'gone'}: only a queued job can be run now`);
  await deps.queue.send(due, more.now, more.now);
  await deps.queue.forget(job, more.now);
};
