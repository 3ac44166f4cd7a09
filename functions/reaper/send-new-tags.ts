import type { JobQueue } from '../../shared/jobs/ports.ts';
import type { Job } from '../../shared/model/job.ts';

/**
 * The tags that were served when the reaper looked last, and how far it is with the jobs of those that were new then: behind
 * which due time of which workspace.
 */
type ServedTags = { tags: string[]; walk?: Walk | undefined };
type Walk = { tags: string[]; workspace: string; after: string };

export type NewTagDeps = {
  queue: Pick<JobQueue, 'send'>;
  /** The tags that worker groups serve now. */
  served: readonly string[];
  servedTags: {
    /** Undefined: nobody has looked yet. */
    read(): Promise<ServedTags | undefined>;
    write(served: ServedTags): Promise<void>;
  };
  live: {
    /** Each workspace that has live jobs, in an order of their own that stays. */
    oldest(): AsyncIterable<{ workspace: string }>;
    /** The next live jobs of these tags by due time; `after` undefined: there are no more. */
    ofTags(
      workspace: string,
      tags: readonly string[],
      after: string,
    ): Promise<{ jobs: Job[]; after: string | undefined }>;
  };
  now: () => number;
};

/** Sends at the same time: enough to hide the network. */
const AT_ONCE = 20;

/**
 * Sends the jobs that were queued while no worker group served their tag, in the first minutes in which one does: a walk over
 * the live jobs, in slices that end when `timeIsUp`, resumed behind the last page. A job that is sent twice runs once. Another
 * new tag during a walk begins it anew for all of them. The first look of an installation only remembers.
 */
export const sendNewTags = async (deps: NewTagDeps, timeIsUp: () => boolean): Promise<void> => {
  const tags = [...deps.served].sort((a, b) => (a < b ? -1 : 1));
  const known = await deps.servedTags.read();
  const fresh = known === undefined ? [] : tags.filter((tag) => !known.tags.includes(tag));
  const walk = walkFor(fresh, tags, known?.walk);
  if (fresh.length > 0 || known?.tags.join() !== tags.join()) await deps.servedTags.write({ tags, walk });
  if (walk === undefined) return;
  for await (const { workspace } of deps.live.oldest()) {
    if (workspace < walk.workspace) continue;
    let after: string | undefined = workspace === walk.workspace ? walk.after : '';
    while (after !== undefined) {
      if (timeIsUp()) return;
      const page: { jobs: Job[]; after: string | undefined } = await deps.live.ofTags(workspace, walk.tags, after);
      await sendAll(deps, page.jobs);
      after = page.after;
      if (after !== undefined) await deps.servedTags.write({ tags, walk: { ...walk, workspace, after } });
    }
  }
  await deps.servedTags.write({ tags });
};

/** A tag that is served no more is walked for no longer. */
const walkFor = (fresh: string[], served: string[], begun: Walk | undefined): Walk | undefined => {
  const going = begun?.tags.filter((tag) => served.includes(tag)) ?? [];
  if (fresh.length > 0) return { tags: [...new Set([...going, ...fresh])], workspace: '', after: '' };
  return begun === undefined || going.length === 0 ? undefined : { ...begun, tags: going };
};

const sendAll = async ({ queue, now }: NewTagDeps, jobs: Job[]): Promise<void> => {
  const rest = jobs.filter((job) => job.status === 'queued').values();
  const work = async (): Promise<void> => {
    for (const job of rest) await queue.send(job, job.scheduled_for, now());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
};
