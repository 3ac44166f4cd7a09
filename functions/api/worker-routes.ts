import type { Worker } from '../../shared/aws/worker-store.ts';
import {
  existsWorkersWithTags,
  existsWorkerWithTag,
  geDefaultTags,
  getCustomTags,
  getCustomTagsForWorkspace,
  isDefaultTagsPerWorkspace,
  listWorkers,
} from '../../shared/contracts/workers.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import type { JobQueue, Settings } from '../../shared/jobs/ports.ts';
import { commaList } from '../../shared/model/args-assembly.ts';
import { DEPENDENCY_TAG, defaultTag, Language } from '../../shared/model/language.ts';
import { mayUseTag, tagNames } from '../../shared/model/tags.ts';
import type { WorkerGroup } from '../../shared/model/worker-group.ts';
import { VERSION } from './instance-routes.ts';
import { type LivingWorkers, livingWorkers } from './living-workers.ts';
import { seesAll } from './sees-all.ts';

export type WorkerDeps = {
  workers: LivingWorkers;
  groups: readonly WorkerGroup[];
  queue: Pick<JobQueue, 'serves'>;
  settings: Pick<Settings, 'read'>;
};

const DEFAULT_TAGS = [...new Set(Language.options.map(defaultTag)), DEPENDENCY_TAG];

/** Seconds since a worker's last beat. */
const silence = ({ at }: Worker, now: number): number => (at === undefined ? 0 : Math.floor((now - at) / 1000));

/** A worker has no address and no machine of its own that anybody could reach. */
const view = (worker: Worker, groups: readonly WorkerGroup[], now: number, showJobs: boolean) => {
  const group = groups.find(({ name }) => name === worker.group);
  const job = showJobs ? worker.jobs.at(-1) : undefined;
  return {
    worker: worker.sk,
    worker_instance: 'lambda',
    last_ping: silence(worker, now),
    started_at: new Date(worker.since ?? now).toISOString(),
    ip: 'none',
    jobs_executed: worker.executed ?? 0,
    custom_tags: group?.tags ?? [],
    worker_group: worker.group ?? '',
    wm_version: VERSION,
    ...(job === undefined ? {} : { last_job_id: job.id, last_job_workspace_id: job.workspace }),
    ...(group === undefined ? {} : { memory: group.memory_mb * 1024 * 1024 }),
  };
};

/** Tags beyond the default ones: those that the setting names, and those that groups serve besides. */
const customTags = ({ groups }: WorkerDeps, stated: readonly string[], workspace?: string): string[] => {
  const served = groups.flatMap((group) => group.tags).filter((tag) => !DEFAULT_TAGS.includes(tag));
  const usable = served.filter((tag) => workspace === undefined || mayUseTag(stated, workspace, tag));
  return [...new Set([...tagNames(stated, workspace), ...usable])];
};

const tagRoutes = (deps: WorkerDeps): Route[] => {
  const stated = async (now: number): Promise<string[]> => (await deps.settings.read(now)).custom_tags;
  return [
    instanceRoute(getCustomTags, async ({ query, principal, now }) => {
      const tags = await stated(now);
      const names = customTags(deps, tags);
      if (!query.show_workspace_restriction || !seesAll(principal)) return { body: names };
      const named = tagNames(tags);
      return { body: [...tags, ...names.filter((name) => !named.includes(name))] };
    }),
    route(getCustomTagsForWorkspace, async ({ params, now }) => ({
      body: customTags(deps, await stated(now), params.workspace),
    })),
    instanceRoute(geDefaultTags, () => ({ body: DEFAULT_TAGS })),
    instanceRoute(isDefaultTagsPerWorkspace, () => ({ body: false })),
    instanceRoute(existsWorkersWithTags, async ({ query, now }) => {
      const { workspace } = query;
      const tags = await stated(now);
      const exists = (tag: string): boolean =>
        deps.queue.serves(tag) && (workspace === undefined || mayUseTag(tags, workspace, tag));
      return { body: Object.fromEntries(commaList(query.tags).map((tag) => [tag, exists(tag)])) };
    }),
    instanceRoute(existsWorkerWithTag, ({ query }) => ({ body: deps.queue.serves(query.tag) })),
  ];
};

/** The workers, and the tags that bring jobs to them. */
export const workerRoutes = (deps: WorkerDeps): Route[] => [
  ...tagRoutes(deps),
  instanceRoute(listWorkers, async ({ query, principal, now }) => {
    const { page, per_page, ping_since = Number.POSITIVE_INFINITY } = query;
    const alive = (await livingWorkers(deps.workers, now)).filter((worker) => silence(worker, now) <= ping_since);
    const shown = alive.slice((page - 1) * per_page, page * per_page);
    return { body: shown.map((worker) => view(worker, deps.groups, now, seesAll(principal))) };
  }),
];
