import type { ViewTokens } from '../../shared/aws/view-tokens.ts';
import {
  getCompletedJob,
  getCompletedJobTiming,
  getJob,
  getJobPublicViewToken,
  getJobUpdates,
  getJobViewToken,
  getRootJobId,
  getScheduledFor,
  runQueuedJobNow,
} from '../../shared/contracts/job.ts';
import { linkRoute, type Route, route } from '../../shared/http/route.ts';
import type { JobQueue, LateMessages } from '../../shared/jobs/ports.ts';
import { shownJob, visibleJob } from '../../shared/jobs/visible-job.ts';
import { completedJobAt, jobText, jobUpdate, type ReadDeps } from './read-job.ts';
import { runNow } from './run-now.ts';

export type JobDeps = ReadDeps & {
  queue: JobQueue & LateMessages;
  links: Pick<ViewTokens, 'make'>;
};

const readingRoutes = (deps: JobDeps): Route[] => [
  linkRoute(getJob, async ({ params, query, sight, now }) => ({
    body: await jobText(deps, await shownJob(deps.jobs, sight, params), now, {
      logs: query.no_logs,
      code: query.no_code,
    }),
  })),
  linkRoute(getCompletedJob, async ({ params, sight, now }) => ({
    body: await jobText(deps, await completedJobAt(deps, sight, params), now, {}),
  })),
  linkRoute(getCompletedJobTiming, async ({ params, sight }) => {
    const job = await completedJobAt(deps, sight, params);
    return {
      body: {
        created_at: new Date(job.created_at).toISOString(),
        ...(job.started_at === undefined ? {} : { started_at: new Date(job.started_at).toISOString() }),
        ...(job.duration_ms === undefined ? {} : { duration_ms: job.duration_ms }),
      },
    };
  }),
  linkRoute(getJobUpdates, async ({ params, query, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    const from = { log: query.log_offset ?? 0, stream: query.stream_offset ?? 0 };
    const wanted = { logs: query.no_logs !== true, progress: query.get_progress === true };
    return { body: await jobUpdate(deps, job, from, wanted) };
  }),
  linkRoute(getRootJobId, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    return { body: job.root_job ?? job.parent_job ?? job.id };
  }),
  route(getScheduledFor, async ({ params, standing }) => ({
    body: (await visibleJob(deps.jobs, standing, params)).scheduled_for,
  })),
];

/** Links to one job, for whoever may see it himself: a link makes no further links. */
const linkRoutes = (deps: JobDeps): Route[] => [
  route(getJobViewToken, async ({ params, standing }) => ({
    body: await deps.links.make(await visibleJob(deps.jobs, standing, params), false),
  })),
  route(getJobPublicViewToken, async ({ params, standing }) => ({
    body: await deps.links.make(await visibleJob(deps.jobs, standing, params), true),
  })),
];

const runNowRoute = (deps: JobDeps): Route =>
  route(runQueuedJobNow, async ({ params, standing, request, now }) => {
    await runNow(deps, await visibleJob(deps.jobs, standing, params), { op: `now:${request.id}`, now });
    return { body: params.id };
  });

/** One job: reading it, following it, sharing it, making it due. */
export const jobRoutes = (deps: JobDeps): Route[] => [...readingRoutes(deps), ...linkRoutes(deps), runNowRoute(deps)];
