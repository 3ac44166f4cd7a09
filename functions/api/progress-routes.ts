import type { Principal } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import { getJobProgress, setJobProgress } from '../../shared/contracts/job-metrics.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { JobStore } from '../../shared/jobs/ports.ts';
import { visibleJob } from '../../shared/jobs/visible-job.ts';
import { badRequest } from '../../shared/model/errors.ts';
import type { JobKey } from '../../shared/model/job.ts';
import { progressOf } from '../../shared/model/progress.ts';

type ProgressDeps = { jobs: Pick<JobStore, 'get' | 'setProgress'> };

/** Which attempt is meant. Of a job that speaks of itself its token tells it, so that its item is not read again. */
const attemptOf = async (
  deps: ProgressDeps,
  asked: { principal: Principal; standing: Standing; params: JobKey },
): Promise<number> => {
  const { principal, standing, params } = asked;
  if (principal.kind === 'job' && principal.job_id === params.id) return principal.attempt;
  return (await visibleJob(deps.jobs, standing, params)).attempt;
};

/** How far a job says it is. */
export const progressRoutes = (deps: ProgressDeps): Route[] => [
  route(setJobProgress, async (asked) => {
    const { params, body } = asked;
    if (await deps.jobs.setProgress(params, await attemptOf(deps, asked), body.percent))
      return { body: `progress of job ${params.id} is ${body.percent} %, unless it was more` };
    throw badRequest(`Bad request: job ${params.id} does not run: only a running job has progress to set`);
  }),
  route(getJobProgress, async ({ params, standing }) => ({
    body: progressOf(await visibleJob(deps.jobs, standing, params)) ?? null,
  })),
];
