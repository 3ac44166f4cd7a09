import {
  cancelQueuedJob,
  forceCancelQueuedJob,
  getCompletedJob,
  getCompletedJobTiming,
  getJob,
  getJobUpdates,
  getRootJobId,
  getScheduledFor,
} from '../../shared/contracts/job.ts';
import { type Route, route } from '../../shared/http/route.ts';
import { cancelJob } from '../../shared/jobs/cancel-job.ts';
import type { LogStore } from '../../shared/jobs/ports.ts';
import { visibleJob } from '../../shared/jobs/visible-job.ts';
import { notFound, unreachable } from '../../shared/model/errors.ts';
import type { JobKey } from '../../shared/model/job.ts';
import { forceCancel } from './force-cancel.ts';
import { completedJobAt, jobText, jobUpdate, type ReadDeps } from './read-job.ts';

export type JobDeps = ReadDeps & { logStore: LogStore };

const readingRoutes = (deps: JobDeps): Route[] => [
  route(getJob, async ({ params, query, standing }) => ({
    body: await jobText(deps, await visibleJob(deps.jobs, standing, params), {
      logs: query.no_logs,
      code: query.no_code,
    }),
  })),
  route(getCompletedJob, async ({ params, standing }) => ({
    body: await jobText(deps, await completedJobAt(deps, standing, params), {}),
  })),
  route(getCompletedJobTiming, async ({ params, standing }) => {
    const job = await completedJobAt(deps, standing, params);
    return {
      body: {
        created_at: new Date(job.created_at).toISOString(),
        ...(job.started_at === undefined ? {} : { started_at: new Date(job.started_at).toISOString() }),
        ...(job.duration_ms === undefined ? {} : { duration_ms: job.duration_ms }),
      },
    };
  }),
  route(getJobUpdates, async ({ params, query, standing }) => {
    const job = await visibleJob(deps.jobs, standing, params);
    return { body: await jobUpdate(deps, job, query.log_offset ?? 0, !query.no_logs) };
  }),
  route(getRootJobId, async ({ params, standing }) => {
    const job = await visibleJob(deps.jobs, standing, params);
    return { body: job.root_job ?? job.parent_job ?? job.id };
  }),
  route(getScheduledFor, async ({ params, standing }) => ({
    body: (await visibleJob(deps.jobs, standing, params)).scheduled_for,
  })),
];

/** What canceling led to, in Windmill's words. */
const told = (canceled: Awaited<ReturnType<typeof cancelJob>>, key: JobKey): { body: string } => {
  switch (canceled.is) {
    case 'canceled':
    case 'stopping':
      return { body: key.id };
    case 'already-completed':
      return { body: `queued job id ${key.id} is already completed` };
    case 'unknown':
      throw notFound(`Job not found: ${key.id} does not exist in workspace ${key.workspace}`);
    default:
      return unreachable(canceled);
  }
};

const cancelingRoutes = (deps: JobDeps): Route[] => {
  const stores = { jobs: deps.jobs, payloads: deps.payloads, logs: deps.logStore };
  return [
    route(cancelQueuedJob, async ({ params, body, standing, request, now }) => {
      const by = { by: standing.username, reason: body.reason ?? undefined };
      const op = `cancel:${request.id}`;
      return told(await cancelJob(stores, await visibleJob(deps.jobs, standing, params), by, { op, now }), params);
    }),
    route(forceCancelQueuedJob, async ({ params, body, standing, request, now }) => {
      const by = { by: standing.username, reason: body.reason ?? undefined };
      const op = `cancel:${request.id}`;
      return told(await forceCancel(stores, await visibleJob(deps.jobs, standing, params), by, { op, now }), params);
    }),
  ];
};

/** One job: reading it, following it, canceling it. */
export const jobRoutes = (deps: JobDeps): Route[] => [...readingRoutes(deps), ...cancelingRoutes(deps)];
