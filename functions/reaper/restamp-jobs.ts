import type { Job } from '../../shared/model/job.ts';
import { restamp } from '../../shared/model/retention.ts';
import type { InstanceSettings } from '../../shared/model/settings.ts';

/** How far the walk for one change has come: behind which job of which part. Without a part it is done. */
type Progress = { revision: number; part?: string | undefined; after?: string | undefined };

export type RestampDeps = {
  /** As they are now, not from a cache. */
  settings: () => Promise<InstanceSettings>;
  progress: () => Promise<Progress | undefined>;
  /** Does nothing when a later change is being carried out already. */
  remember: (progress: Progress) => Promise<void>;
  /** The parts that together hold all jobs, in an order of their own. */
  parts: () => Promise<string[]>;
  /** The next jobs of a part; `after` undefined: there are no more. */
  page: (part: string, after: string | undefined) => Promise<{ jobs: Job[]; after: string | undefined }>;
  /** Gives a completed job its time to live, or takes it away. */
  stamp: (job: Job, expires: number | undefined) => Promise<void>;
  now: () => number;
};

/**
 * A function that ends a job may know the settings of a minute ago. A walk that begins when nobody does any more misses
 * none of the jobs that were stamped by the old ones.
 */
const EVERYBODY_KNOWS_MS = 90_000;
const STAMPS_AT_ONCE = 20;

/**
 * Carries a changed retention period to the jobs that were completed before it: a walk over all jobs, in slices that end
 * when `timeIsUp`, resumed behind the last page. A period that changes again begins the walk anew, so the newest wins.
 */
export const restampJobs = async (deps: RestampDeps, timeIsUp: () => boolean): Promise<void> => {
  const settings = await deps.settings();
  const { retention_revision: revision } = settings;
  if (revision === 0 || deps.now() - revision < EVERYBODY_KNOWS_MS) return;
  const known = await deps.progress();
  const resumed = known?.revision === revision;
  if (resumed && known.part === undefined) return;
  const from = resumed ? (known.part ?? '') : '';
  const parts = (await deps.parts()).filter((name) => name >= from);
  for (const [index, part] of parts.entries()) {
    let after = resumed && part === known.part ? known.after : undefined;
    do {
      if (timeIsUp()) return;
      const page = await deps.page(part, after);
      await stampAll(deps, page.jobs, settings);
      after = page.after;
      // Without a next part this says that the walk is done.
      await deps.remember(after === undefined ? { revision, part: parts[index + 1] } : { revision, part, after });
    } while (after !== undefined);
  }
  if (parts.length === 0) await deps.remember({ revision });
};

const stampAll = async (deps: RestampDeps, jobs: Job[], settings: InstanceSettings): Promise<void> => {
  const rest = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of rest) {
      const change = restamp(job, settings, deps.now());
      if (change !== 'as-it-is') await deps.stamp(job, change.to);
    }
  };
  await Promise.all(Array.from({ length: STAMPS_AT_ONCE }, work));
};
