import type { Job } from '../model/job.ts';
import type { ReadyLock } from '../model/script-lock.ts';
import type { ScriptLocks } from './dependency-ports.ts';
import type { PackageArchives } from './package-ports.ts';
import { makeDependenciesJob } from './start-dependencies.ts';
import type { StartDeps } from './start-job.ts';

export type RebuildDeps = StartDeps & { locks: ScriptLocks; archives: PackageArchives };

/**
 * A runner says that archives of its job's lock are lost. Where that is so - the bucket is asked, for a runner is as trustworthy
 * as the code that ran there - a dependencies job makes them anew: the same packages, by the hashes of the lock. Its id
 * follows from the job that made the lock, so all who find it lost wait for one. True: the job is to wait for it;
 * false: nothing is lost, so waiting would change nothing.
 */
export const rebuildPackages = async (deps: RebuildDeps, job: Job, lost: string[], now: number): Promise<boolean> => {
  const { workspace, hash, path } = job;
  if (hash === undefined || path === undefined) return false;
  const lock = await deps.locks.fresh(workspace, hash);
  if (lock?.state !== 'ready') return true;
  if (lock.rebuild !== undefined && (await isUnderWay(deps, workspace, lock.rebuild))) return true;
  const named = new Set(lock.packages.flatMap(({ archive }) => (archive === undefined ? [] : [archive.sha256])));
  const own = lost.filter((sha256) => named.has(sha256));
  // The lock is a newer one than the runner was given.
  if (own.length === 0) return lost.length > 0;
  const there = await Promise.all(own.map((sha256) => deps.archives.check(workspace, sha256)));
  if (there.every(Boolean)) return false;
  await startRebuild(deps, { ...job, hash, path }, lock, now);
  return true;
};

const isUnderWay = async (deps: RebuildDeps, workspace: string, id: string): Promise<boolean> => {
  const known = await deps.jobs.get({ workspace, id });
  return known?.status === 'queued' || known?.status === 'running';
};

/** The job is durable first; until the lock names it, whoever finds the lock lost makes the same one. */
const startRebuild = async (
  deps: RebuildDeps,
  { workspace, hash, path, language, created_by, permissioned_as, email }: Job & { hash: string; path: string },
  lock: ReadyLock,
  now: number,
): Promise<void> => {
  const owner = { created_by, permissioned_as, email };
  const made = await makeDependenciesJob(deps, { workspace, path, hash, language, owner, after: lock.job }, now);
  await deps.locks.replace(workspace, hash, lock.job, { ...lock, rebuild: made.id });
  await deps.queue.send(made, now, now);
};
