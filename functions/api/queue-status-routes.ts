import type { QueueLoads } from '../../shared/aws/queue-loads.ts';
import {
  getQueueCounts,
  getQueueMetrics,
  getQueueRunningCounts,
  getQueueStatus,
} from '../../shared/contracts/workers.ts';
import { instanceRoute, type Route } from '../../shared/http/route.ts';
import type { TagLoad } from '../../shared/model/tag-load.ts';
import type { WorkerGroup } from '../../shared/model/worker-group.ts';
import { type LivingWorkers, livingWorkers } from './living-workers.ts';

export type QueueStatusDeps = {
  loads: Pick<QueueLoads, 'read'>;
  workers: LivingWorkers;
  groups: readonly WorkerGroup[];
};

const counts = (loads: Map<string, TagLoad>, of: 'waiting' | 'running'): Record<string, number> =>
  Object.fromEntries([...loads].filter(([, load]) => load[of] > 0).map(([tag, load]) => [tag, load[of]]));

/** What waits and runs, by tag: those that groups serve, and those that jobs wait for in vain. */
const status = async ({ loads, workers, groups }: QueueStatusDeps, now: number) => {
  const [byTag, alive] = await Promise.all([loads.read(now), livingWorkers(workers, now)]);
  const tags = [...new Set([...groups.flatMap((group) => group.tags), ...byTag.keys()])];
  return tags
    .sort((a, b) => (a < b ? -1 : 1))
    .map((tag) => {
      const { waiting, running, delay_s } = byTag.get(tag) ?? { waiting: 0, running: 0 };
      const serving = groups.filter((group) => group.tags.includes(tag)).map((group) => group.name);
      return {
        tag,
        waiting,
        ...(delay_s === undefined ? {} : { delay: delay_s }),
        running,
        workers: alive.filter(({ group }) => group !== undefined && serving.includes(group)).length,
      };
    });
};

/** How the queues stand, for superadmins. */
export const queueStatusRoutes = (deps: QueueStatusDeps): Route[] => [
  instanceRoute(getQueueCounts, async ({ now }) => ({ body: counts(await deps.loads.read(now), 'waiting') })),
  instanceRoute(getQueueRunningCounts, async ({ now }) => ({ body: counts(await deps.loads.read(now), 'running') })),
  instanceRoute(getQueueStatus, async ({ now }) => ({ body: await status(deps, now) })),
  instanceRoute(getQueueMetrics, async ({ now }) => {
    const point = (value: number) => [{ created_at: new Date(now).toISOString(), value }];
    const loads = [...(await deps.loads.read(now))].filter(([, { waiting }]) => waiting > 0);
    return {
      body: loads.flatMap(([tag, { waiting, delay_s = 0 }]) => [
        { id: `queue_count_${tag}`, values: point(waiting) },
        { id: `queue_delay_${tag}`, values: point(delay_s) },
      ]),
    };
  }),
];
