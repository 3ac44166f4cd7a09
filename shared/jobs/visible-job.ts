import { isShown, type Sight } from '../access/job-visibility.ts';
import type { Standing } from '../access/standing.ts';
import { notFound, Problem } from '../model/errors.ts';
import type { Job, JobKey } from '../model/job.ts';
import type { JobStore } from './ports.ts';

/** Flows nest this deep at most before a step's ancestors are no longer asked. */
const MOST_ANCESTORS = 20;

/**
 * Whether the job itself is shown or one of the jobs that it belongs to: whoever may see a flow sees its steps.
 * Ancestors are read only when the job itself does not answer it.
 */
export const isSeen = async (jobs: Pick<JobStore, 'get'>, sight: Sight, job: Job): Promise<boolean> => {
  let looked: Job | undefined = job;
  for (let steps = 0; looked !== undefined && steps < MOST_ANCESTORS; steps += 1) {
    if (isShown(sight, looked)) return true;
    const parent: string | undefined = looked.parent_job;
    looked = parent === undefined ? undefined : await jobs.get({ workspace: job.workspace, id: parent });
  }
  return false;
};

/**
 * The job, if it is shown to whoever asks. Throws 404 when there is none and 403 when there is (reference 2.3): ids are not
 * guessable, and a link is what the refusal asks for. Who holds nothing but a link is told 404 of every other job: he is
 * no member, and what exists in the workspace is no business of his.
 */
export const shownJob = async (jobs: Pick<JobStore, 'get'>, sight: Sight, key: JobKey): Promise<Job> => {
  const job = await jobs.get(key);
  const unknown = notFound(`Job not found: ${key.id} does not exist in workspace ${key.workspace}`);
  if (job === undefined) throw unknown;
  if (await isSeen(jobs, sight, job)) return job;
  if (sight.standing === undefined) throw unknown;
  throw new Problem(
    403,
    `Permission denied: ${sight.standing.permissioned_as} may not see job ${key.id}: ask somebody who may for a link (job_view_token)`,
  );
};

/** The job, if `standing` alone may see it; see `shownJob`. */
export const visibleJob = (jobs: Pick<JobStore, 'get'>, standing: Standing, key: JobKey): Promise<Job> =>
  shownJob(jobs, { standing }, key);
