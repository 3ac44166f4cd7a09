import { maySeeJob } from '../access/job-visibility.ts';
import type { Standing } from '../access/standing.ts';
import { notFound, Problem } from '../model/errors.ts';
import type { Job, JobKey } from '../model/job.ts';
import type { JobStore } from './ports.ts';

/** Flows nest this deep at most before a step's ancestors are no longer asked. */
const MOST_ANCESTORS = 20;

/**
 * Whether `standing` may see the job itself or one of the jobs that it belongs to: whoever may see a flow sees its steps.
 * Ancestors are read only when the job itself does not answer it.
 */
const sees = async (jobs: Pick<JobStore, 'get'>, standing: Standing, job: Job): Promise<boolean> => {
  let looked: Job | undefined = job;
  for (let steps = 0; looked !== undefined && steps < MOST_ANCESTORS; steps += 1) {
    if (maySeeJob(standing, looked)) return true;
    const parent: string | undefined = looked.parent_job;
    looked = parent === undefined ? undefined : await jobs.get({ workspace: job.workspace, id: parent });
  }
  return false;
};

/**
 * The job, if whoever asks may see it. Throws 404 when there is none and 403 when there is (reference 2.3): ids are not
 * guessable, and a share link is what the refusal asks for.
 */
export const visibleJob = async (jobs: Pick<JobStore, 'get'>, standing: Standing, key: JobKey): Promise<Job> => {
  const job = await jobs.get(key);
  if (job === undefined) throw notFound(`Job not found: ${key.id} does not exist in workspace ${key.workspace}`);
  if (!(await sees(jobs, standing, job)))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not see job ${key.id}`);
  return job;
};
