import {
  attemptControl,
  attemptFrames,
  attemptOrder,
  packageUploads,
  resultUpload,
} from '../../shared/contracts/frames.ts';
import { controlRoute, type Route } from '../../shared/http/route.ts';
import { vouch } from '../../shared/jobs/hand-over.ts';
import { LARGEST_RESULT_BYTES } from '../../shared/jobs/large-result.ts';
import type { PackageArchives } from '../../shared/jobs/package-ports.ts';
import { type TakeFramesDeps, takeFrames, taskJob } from '../../shared/jobs/take-frames.ts';
import { controlOf } from '../../shared/model/control.ts';
import { Problem } from '../../shared/model/errors.ts';
import type { Job } from '../../shared/model/job.ts';
import { isTaskWorker } from '../../shared/model/task-group.ts';

/** A large result is under way by then, or never. */
const UPLOAD_SECONDS = 300;
/** Six questions of a task's runner: when the seventh is missing it counts as dead. */
const TASK_LEASE_MS = 20_000;

/** A task has no worker beside it: that it asks is its sign of life. */
const noteLife = async (deps: TakeFramesDeps, job: Job): Promise<void> => {
  if (job.worker !== undefined && isTaskWorker(job)) await vouch(deps, job, job.worker, TASK_LEASE_MS);
};

/** What runners may ask and say. */
export const framesRoutes = (deps: TakeFramesDeps & { packages: PackageArchives }): Route[] => [
  controlRoute(attemptControl, async ({ params }) => {
    const job = await deps.jobs.get(params);
    const body = controlOf(job, params.attempt);
    if (job !== undefined && body.action === 'continue') await noteLife(deps, job);
    return { body };
  }),
  controlRoute(resultUpload, async ({ params, body }) => {
    const job = await deps.jobs.get(params);
    if (job?.status !== 'running' || job.attempt !== params.attempt)
      throw new Problem(409, 'the attempt is over: its result is not wanted any more');
    if (body.bytes > LARGEST_RESULT_BYTES)
      throw new Problem(413, `${body.bytes} bytes are more than the limit of ${LARGEST_RESULT_BYTES}`);
    return { body: await deps.uploads.invite({ job, kind: 'result', attempt: params.attempt }, body, UPLOAD_SECONDS) };
  }),
  controlRoute(packageUploads, async ({ params, body }) => {
    const job = await deps.jobs.get(params);
    if (job?.status !== 'running' || job.attempt !== params.attempt)
      throw new Problem(409, 'the attempt is over: its packages are not wanted any more');
    if (job.kind !== 'dependencies') throw new Problem(403, 'only a dependencies job may store packages');
    return { body: { places: await deps.packages.places(job.workspace, body.archives, UPLOAD_SECONDS) } };
  }),
  controlRoute(attemptOrder, async ({ params }) => {
    const job = await taskJob(deps.jobs, params, params.attempt);
    const order = await deps.orders.order(params, params.attempt);
    if (order === undefined) throw new Problem(410, 'Gone: the attempt has no order');
    await noteLife(deps, job);
    return { body: { request: order.request, head: order.head } };
  }),
  controlRoute(attemptFrames, async ({ params, body }) => ({
    body: await takeFrames(deps, params, params.attempt, body),
  })),
];
