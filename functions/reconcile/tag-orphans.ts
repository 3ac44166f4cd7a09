import type { JobKey } from '../../shared/model/job.ts';

/** An object of the bucket; `modified` in milliseconds since 1970. */
type Listed = { object: string; job: JobKey | undefined; modified: number };

export type ReconcileDeps = {
  /** Where the walk goes on, an object's key; undefined: at the first. */
  cursor: () => Promise<string | undefined>;
  /** Undefined: the walk is over, and the next begins anew. */
  remember: (after: string | undefined) => Promise<void>;
  /** The next page of objects of jobs, by key. An empty one is the end. */
  page: (after: string | undefined) => Promise<Listed[]>;
  /** Those of the jobs that have an item, expired or not. */
  existing: (jobs: JobKey[]) => Promise<JobKey[]>;
  /** Tags an object for the lifecycle rule that expires orphans. */
  tag: (object: string) => Promise<void>;
  now: () => number;
};

const DAY_MS = 86_400_000;
const nameOf = ({ workspace, id }: JobKey): string => `${workspace}/${id}`;

/**
 * Walks over the objects of all jobs and tags those whose job is gone: what a lost write or a removal that was given up
 * left behind. Objects younger than a day are left alone, because a payload is written before its job. Stops when
 * `timeIsUp` and goes on there the next time.
 */
export const tagOrphans = async (deps: ReconcileDeps, timeIsUp: () => boolean): Promise<{ tagged: number }> => {
  let tagged = 0;
  let after = await deps.cursor();
  while (!timeIsUp()) {
    const listed = await deps.page(after);
    const last = listed.at(-1);
    if (last === undefined) {
      await deps.remember(undefined);
      return { tagged };
    }
    for (const object of await orphansOf(deps, listed)) {
      await deps.tag(object);
      tagged += 1;
    }
    after = last.object;
    await deps.remember(after);
  }
  return { tagged };
};

const orphansOf = async (deps: ReconcileDeps, listed: Listed[]): Promise<string[]> => {
  const old = listed.filter(({ modified }) => deps.now() - modified > DAY_MS);
  const jobs = new Map(old.flatMap(({ job }) => (job === undefined ? [] : [[nameOf(job), job] as const])));
  const existing = new Set((await deps.existing([...jobs.values()])).map(nameOf));
  return old.filter(({ job }) => job !== undefined && !existing.has(nameOf(job))).map(({ object }) => object);
};
