import type { Completion } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { objectOf } from '../model/json.ts';
import { markedResult } from '../model/marked-result.ts';
import { cachedResult, cacheKeyOf } from './cached-result.ts';
import { standsForBatch } from './debounce-run.ts';
import type { BatchStore, ResultCache, SlotStore } from './limit-ports.ts';
import type { PayloadStore } from './payload-ports.ts';
import type { JobStore, Settings } from './ports.ts';

export type BeforeDeps = {
  jobs: JobStore;
  payloads: PayloadStore;
  batches: BatchStore;
  settings: Settings;
  cache: ResultCache;
  slots: SlotStore;
  now: () => number;
};

/** What the settings of a claimed job, which may run, say about running it now. `cacheKey`: where to keep its result. */
export type Before =
  | { is: 'go'; cacheKey: string | undefined }
  | { is: 'waits'; dueAt: number; note: string }
  | { is: 'ends'; completion: Completion; note: string };

/** Asks nothing of the outside for a job without settings. */
export const beforeRun = async (deps: BeforeDeps, job: Job): Promise<Before> => {
  if (!(await standsForBatch(deps, job, deps.now())))
    return {
      is: 'ends',
      completion: { status: 'skipped', result: 'null' },
      note: 'skipped: a later run took its place',
    };
  const cacheKey = await cacheKeyOf(deps.payloads, job);
  const known = cacheKey === undefined ? undefined : await cachedResult(deps, job, cacheKey, deps.now());
  if (known !== undefined)
    return {
      is: 'ends',
      completion: markedResult(known, objectOf(known)),
      note: 'the result of an earlier run is used again',
    };
  return (await placeFor(deps, job)) ?? { is: 'go', cacheKey };
};

const placeFor = async (deps: BeforeDeps, job: Job): Promise<Before | undefined> => {
  const { concurrency, workspace, id, attempt } = job;
  if (concurrency === undefined) return undefined;
  const holds = async (holder: { job: string; attempt: number }): Promise<boolean> => {
    const held = await deps.jobs.get({ workspace, id: holder.job });
    return held?.status === 'running' && held.attempt === holder.attempt;
  };
  const place = await deps.slots.take(workspace, concurrency, { job: id, attempt }, deps.now(), holds);
  if (place.taken) return undefined;
  const { key, limit, window_s } = concurrency;
  const at = new Date(place.lookAgainAt).toISOString();
  const note = `waits until ${at}: ${limit} jobs of concurrency key ${key} run already${window_s > 0 ? ` or ran in the last ${window_s} s` : ''}`;
  return { is: 'waits', dueAt: place.lookAgainAt, note };
};
