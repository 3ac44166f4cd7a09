import { maySeeJob } from '../../shared/access/job-visibility.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import type { JobCounts } from '../../shared/aws/job-counts.ts';
import type { JobReads } from '../../shared/aws/job-reads.ts';
import {
  countCompletedJobs,
  countJobsByTag,
  getCompletedCount,
  getQueueCount,
  getQueuePosition,
  type JobListQuery,
  listCompletedJobs,
  listFilteredJobsUuids,
  listFilteredQueueUuids,
  listJobs,
  listQueue,
} from '../../shared/contracts/job-lists.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import type { Settings } from '../../shared/jobs/ports.ts';
import { commaList } from '../../shared/model/args-assembly.ts';
import type { Job } from '../../shared/model/job.ts';
import type { JobFilter } from '../../shared/model/job-filter.ts';
import { jobView } from '../../shared/model/job-view.ts';
import { retentionOf } from '../../shared/model/retention.ts';
import { whyWaiting } from '../../shared/model/waiting.ts';
import { jobFilterOf } from './job-filter-of.ts';
import type { Served } from './read-job.ts';
import { checkSeesAll } from './sees-all.ts';

export type JobListDeps = Served & {
  reads: Pick<JobReads, 'list'>;
  counts: Pick<JobCounts, 'waiting' | 'completed' | 'byTag'>;
  workspaces: Pick<WorkspaceCatalog, 'list'>;
  settings: Settings;
};

const found = (
  deps: JobListDeps,
  {
    params,
    query,
    standing,
    now,
  }: { params: { workspace: string }; query: JobListQuery; standing: Standing; now: number },
  state: JobFilter['state'] | undefined,
): Promise<Job[]> =>
  deps.reads.list(params.workspace, {
    filter: {
      ...jobFilterOf(query, state, now),
      ...(standing.is_admin ? {} : { visible: (job) => maySeeJob(standing, job) }),
    },
    by: state === 'live' ? 'due' : 'creation',
    page: query.page,
    perPage: query.per_page,
    oldestFirst: !query.order_desc,
  });

/** The queue of all workspaces: what each would show up to the page, merged by due time. */
const foundEverywhere = async (deps: JobListDeps, input: Parameters<typeof found>[1]): Promise<Job[]> => {
  const { page, per_page, order_desc } = input.query;
  const jobs: Job[] = [];
  for (const { id: workspace } of await deps.workspaces.list()) {
    const first = { ...input.query, page: 1, per_page: page * per_page };
    jobs.push(...(await found(deps, { ...input, params: { workspace }, query: first }, 'live')));
  }
  const order = order_desc ? -1 : 1;
  jobs.sort((a, b) => order * (a.scheduled_for - b.scheduled_for));
  return jobs.slice((page - 1) * per_page, page * per_page);
};

const views = ({ queue }: JobListDeps, jobs: Job[], now: number) =>
  jobs.map((job) => jobView(job, { waits_for: whyWaiting(job, queue.serves(job.tag), now) }));
const ids = (jobs: Job[]): string[] => jobs.map((job) => job.id);

/** Tags as the counts want them: undefined means all. */
const tagsOf = (text: string | undefined): { tags?: string[] } => {
  const tags = commaList(text);
  return tags.length === 0 ? {} : { tags };
};

const listRoutes = (deps: JobListDeps): Route[] => [
  route(listJobs, async (input) => ({ body: views(deps, await found(deps, input, undefined), input.now) })),
  route(listQueue, async (input) => {
    const { all_workspaces } = input.query;
    if (all_workspaces) checkSeesAll(input.principal, input.params.workspace, 'the queue');
    const jobs = all_workspaces ? await foundEverywhere(deps, input) : await found(deps, input, 'live');
    return { body: views(deps, jobs, input.now) };
  }),
  route(listCompletedJobs, async (input) => ({ body: views(deps, await found(deps, input, 'completed'), input.now) })),
  route(listFilteredJobsUuids, async (input) => ({ body: ids(await found(deps, input, undefined)) })),
  route(listFilteredQueueUuids, async (input) => ({ body: ids(await found(deps, input, 'live')) })),
];

/**
 * Nothing older than the retention is counted, for what is expired may lie in the table for days. (A job that was queued for
 * longer than that is missed: the counts are of when jobs were made.)
 */
const sinceOf = async (
  deps: Pick<JobListDeps, 'settings'>,
  workspace: string,
  since: number,
  now: number,
): Promise<number> => {
  const seconds = retentionOf(await deps.settings.read(now), workspace);
  return Math.max(0, since, seconds === 0 ? 0 : now - seconds * 1000);
};

const byTag = async ({ counts, workspaces }: JobListDeps, workspace: string | undefined, since: number) => {
  const all = workspace === undefined ? (await workspaces.list()).map(({ id }) => id) : [workspace];
  const sums = new Map<string, number>();
  for (const each of all)
    for (const [tag, count] of await counts.byTag(each, since)) sums.set(tag, (sums.get(tag) ?? 0) + count);
  return [...sums].map(([tag, count]) => ({ tag, count }));
};

const countRoutes = ({ counts, ...deps }: JobListDeps): Route[] => [
  instanceRoute(countJobsByTag, async ({ query, now }) => ({
    body: await byTag({ counts, ...deps }, query.workspace_id, now - query.horizon_secs * 1000),
  })),
  route(getQueueCount, async ({ params, query, now }) => ({
    body: { database_length: await counts.waiting(params.workspace, now + 1, tagsOf(query.tags).tags), suspended: 0 },
  })),
  route(getCompletedCount, async ({ params, query, now }) => {
    const since = await sinceOf(deps, params.workspace, 0, now);
    return { body: { database_length: await counts.completed(params.workspace, since, tagsOf(query.tags)) } };
  }),
  route(countCompletedJobs, async ({ params, query, now }) => {
    const since = query.completed_after_s_ago === undefined ? 0 : now - query.completed_after_s_ago * 1000;
    const only = { ...tagsOf(query.tags), ...(query.success === undefined ? {} : { success: query.success }) };
    return { body: await counts.completed(params.workspace, await sinceOf(deps, params.workspace, since, now), only) };
  }),
  route(getQueuePosition, async ({ params }) => ({
    body: { position: 1 + (await counts.waiting(params.workspace, params.scheduled_for)) },
  })),
];

/** Lists and counts of jobs. */
export const jobListRoutes = (deps: JobListDeps): Route[] => [...listRoutes(deps), ...countRoutes(deps)];
