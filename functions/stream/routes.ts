import {
  getCompletedJobResult,
  getCompletedJobResultMaybe,
  getJobArgs,
  getJobLogs,
  getJobUpdatesSse,
} from '../../shared/contracts/stream.ts';
import { exportCompletedJobs, exportQueuedJobs } from '../../shared/contracts/transfer.ts';
import { linkRoute, type Pieces, type Route, route } from '../../shared/http/route.ts';
import { jobUpdates } from '../../shared/jobs/job-updates.ts';
import { shownJob } from '../../shared/jobs/visible-job.ts';
import { notFound } from '../../shared/model/errors.ts';
import { isCompleted, isSuccess, type Job } from '../../shared/model/job.ts';
import type { StreamDeps } from './deps.ts';
import { exportedJobs } from './export-jobs.ts';

/** Windmill's own hint for people who read a log with curl; clients leave it out by `remove_ansi_warnings`. */
const ANSI_HINT = "to remove ansi colors, use: | sed 's/\\x1B\\[[0-9;]\\{1,\\}[A-Za-z]//g'\n";

/** Reads that may outlive 30 s or 6 MB: whatever has no bound of its own. */
export const streamRoutes = (deps: StreamDeps): Route[] => [
  ...exportRoutes(deps),
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
    return { body: resultOf(deps, job) };
  }),
  linkRoute(getCompletedJobResultMaybe, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    const completed = isCompleted(job.status);
    const known = {
      completed,
      success: completed && isSuccess(job.status),
      started: completed || job.status === 'running',
    };
    return { body: withLongField(known, 'result', resultOf(deps, job)) };
  }),
  linkRoute(getJobArgs, async ({ params, sight }) => {
    const job = await shownJob(deps.jobs, sight, params);
    return { body: deps.payloads.stream(job, job.args) };
  }),
];

/** An export reads as far as its page lies, where a list may stop and show what it has. */
const EXPORT_ROUNDS = 200;

const exportRoutes = (deps: StreamDeps): Route[] => {
  const exported = async (
    workspace: string,
    state: 'completed' | 'live',
    query: { page: number; per_page: number; created_after?: number | undefined; created_before?: number | undefined },
  ) => {
    const jobs = await deps.reads.list(workspace, {
      filter: { state, createdAfter: query.created_after, createdBefore: query.created_before },
      by: state === 'live' ? 'due' : 'creation',
      page: query.page,
      perPage: query.per_page,
      oldestFirst: true,
      rounds: EXPORT_ROUNDS,
    });
    return { body: exportedJobs(deps, jobs) };
  };
  return [
    route(exportCompletedJobs, ({ params, query }) => exported(params.workspace, 'completed', query)),
    route(exportQueuedJobs, ({ params, query }) => exported(params.workspace, 'live', query)),
  ];
};

const resultOf = (deps: StreamDeps, job: Job): Pieces =>
  job.result === undefined ? 'null' : deps.payloads.stream(job, job.result);

/** JSON text of an object, which has fields, with one more that is JSON text already and may be long. */
async function* withLongField(object: object, name: string, value: Pieces): AsyncIterable<string | Uint8Array> {
  yield `${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:`;
  if (typeof value === 'string') yield value;
  else yield* value;
  yield '}';
}

async function* wholeLog(deps: StreamDeps, job: Job, bare: boolean): AsyncIterable<string> {
  if (!bare) yield ANSI_HINT;
  yield* deps.logs.text(await deps.logs.parts(job));
}
