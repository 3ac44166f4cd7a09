import { deleteCompletedJob, deleteJobs } from '../../shared/contracts/transfer.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { JobRemains } from '../../shared/jobs/payload-ports.ts';
import { deleteJob, wipeJob } from '../../shared/jobs/wipe-job.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import { isCompleted, type Job } from '../../shared/model/job.ts';
import { completedJobAt, jobText } from './read-job.ts';

export type DeleteDeps = Parameters<typeof jobText>[0] & { remains: JobRemains };

/** Wiping and deleting completed jobs. */
export const deleteRoutes = (deps: DeleteDeps): Route[] => [
  route(deleteCompletedJob, async ({ params, sight, now }) => {
    const wiped = await wipeJob(deps, await completedJobAt(deps, sight, params));
    if (wiped === undefined) throw notFound(`Completed job not found: ${params.id}`);
    return { body: await jobText(deps, wiped, now, { code: true }) };
  }),
  route(deleteJobs, async ({ params, body, now }) => {
    const found = await Promise.all(body.map((id) => deps.jobs.get({ workspace: params.workspace, id })));
    const jobs = found.flatMap((job): Job[] => (job === undefined ? [] : [job]));
    const alive = jobs.find(({ status }) => !isCompleted(status));
    if (alive !== undefined) throw badRequest(`Bad request: body: job ${alive.id} is ${alive.status}: cancel it first`);
    for (const job of jobs) await deleteJob(deps, job, now);
    return { body: `Deleted ${jobs.length} jobs` };
  }),
];
