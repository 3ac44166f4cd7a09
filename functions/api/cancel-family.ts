import type { Standing } from '../../shared/access/standing.ts';
import { type Cancelation, type CancelDeps, type Canceled, cancelJob } from '../../shared/jobs/cancel-job.ts';
import type { LiveRows } from '../../shared/jobs/ports.ts';
import { isSeen } from '../../shared/jobs/visible-job.ts';
import { isCompleted, isFutureTick, type Job } from '../../shared/model/job.ts';
import { childrenFirst, DEEPEST_FAMILY } from '../../shared/model/job-family.ts';
import { eachOf } from './each-of.ts';

export type FamilyDeps = CancelDeps & { live: LiveRows };

/** Jobs canceled at the same time: 1,000 take a few seconds, and one environment's connections suffice. */
const AT_ONCE = 50;

/**
 * Cancels jobs of one workspace with every live job that they started, children first. With `force` the families of their
 * highest live ancestors are, as far up as `standing` may see: a stranger's job is not to be ended by naming it as a
 * parent. Answers what became of each by its id; jobs that are over already take no child with them.
 */
export const cancelFamilies = async (
  deps: FamilyDeps,
  workspace: string,
  jobs: readonly Job[],
  standing: Standing,
  cancelation: Cancelation,
): Promise<Map<string, Canceled>> => {
  const outcomes = new Map<string, Canceled>();
  const known = new Map(jobs.map((job) => [job.id, job]));
  const roots = new Set<string>();
  await eachOf(jobs, AT_ONCE, async (job) => {
    if (isCompleted(job.status)) outcomes.set(job.id, { is: 'already-completed', job });
    else if (isFutureTick(job, cancelation.now)) outcomes.set(job.id, { is: 'future-tick', job });
    else roots.add(cancelation.force === true ? await topOf(deps, job, standing) : job.id);
  });
  if (roots.size === 0) return outcomes;
  for (const generation of childrenFirst([...roots], await deps.live.links(workspace))) {
    await eachOf(generation, AT_ONCE, async (id) => {
      const job = known.get(id) ?? (await deps.jobs.get({ workspace, id }));
      if (job !== undefined) outcomes.set(id, await cancelJob(deps, job, cancelation));
    });
  }
  return outcomes;
};

/** The jobs that exist and that `standing` may see, each once. */
export const seenJobs = async (
  deps: Pick<FamilyDeps, 'jobs'>,
  workspace: string,
  ids: readonly string[],
  standing: Standing,
): Promise<Job[]> => {
  const found: Job[] = [];
  await eachOf(await deps.jobs.getMany(workspace, ids), AT_ONCE, async (job) => {
    if (await isSeen(deps.jobs, { standing }, job)) found.push(job);
  });
  return found;
};

/** The highest live job above this one that `standing` may see; itself without one. */
const topOf = async (deps: FamilyDeps, job: Job, standing: Standing): Promise<string> => {
  let top = job;
  const seen = new Set([job.id]);
  while (top.parent_job !== undefined && !seen.has(top.parent_job) && seen.size <= DEEPEST_FAMILY) {
    const parent = await deps.jobs.get({ workspace: job.workspace, id: top.parent_job });
    if (parent === undefined || isCompleted(parent.status) || !(await isSeen(deps.jobs, { standing }, parent))) break;
    seen.add(parent.id);
    top = parent;
  }
  return top.id;
};
