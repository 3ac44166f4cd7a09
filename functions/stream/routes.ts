import {
  getCompletedJobResult,
  getCompletedJobResultMaybe,
  getJobArgs,
  getJobLogs,
  getJobUpdatesSse,
} from '../../shared/contracts/stream.ts';
import { linkRoute, type Route } from '../../shared/http/route.ts';
import { shownJob } from '../../shared/jobs/visible-job.ts';
import { notFound } from '../../shared/model/errors.ts';
import { isCompleted, isSuccess, type Job } from '../../shared/model/job.ts';
import { withRawFields } from '../../shared/model/job-view.ts';
import type { StreamDeps } from './deps.ts';
import { jobUpdates } from './job-updates.ts';

/** Windmill's own hint for people who read a log with curl; clients leave it out by `remove_ansi_warnings`. */
const ANSI_HINT = "to remove ansi colors, use: | sed 's/\\x1B\\[[0-9;]\\{1,\\}[A-Za-z]//g'\n";

/** Reads that may outlive 30 s or 6 MB: whatever has no bound of its own. */
export const streamRoutes = (deps: StreamDeps): Route[] => [
  linkRoute(getJobLogs, async ({ params, query, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    return { body: wholeLog(deps, job, query.remove_ansi_warnings ?? false) };
  }),
  linkRoute(getJobUpdatesSse, async ({ params, query, sight }) => {
    await shownJob(deps.jobs, sight, params);
    return { body: jobUpdates(deps, params, query), headers: { 'cache-control': 'no-cache' } };
  }),
  linkRoute(getCompletedJobResult, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    if (!isCompleted(job.status)) throw notFound(`job ${params.id} is not completed`);
    return { body: await resultText(deps, job) };
  }),
  linkRoute(getCompletedJobResultMaybe, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    const completed = isCompleted(job.status);
    const known = {
      completed,
      success: completed && isSuccess(job.status),
      started: completed || job.status === 'running',
    };
    return { body: withRawFields(known, { result: await resultText(deps, job) }) };
  }),
  linkRoute(getJobArgs, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    return { body: await deps.payloads.get(job, job.args) };
  }),
];

const resultText = async (deps: StreamDeps, job: Job): Promise<string> =>
  job.result === undefined ? 'null' : deps.payloads.get(job, job.result);

async function* wholeLog(deps: StreamDeps, job: Job, bare: boolean): AsyncIterable<string> {
  if (!bare) yield ANSI_HINT;
  yield* deps.logs.text(await deps.logs.parts(job));
}
