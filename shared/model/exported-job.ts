import type { Job } from './job.ts';
import { jobView } from './job-view.ts';

/** A job as an export shows it, less its arguments, result, code and log: everything of the view and what only transfers need. */
export const exportedJob = (job: Job) => ({
  ...jobView(job),
  permissioned_as_email: job.email,
  timeout: job.timeout_s,
  ...(job.schedule_path === undefined ? {} : { trigger: job.schedule_path }),
});
