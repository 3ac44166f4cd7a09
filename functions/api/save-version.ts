import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import type { ScriptLocks } from '../../shared/jobs/dependency-ports.ts';
import type { Report } from '../../shared/jobs/ports.ts';
import { makeDependenciesJob, skipDependenciesJob } from '../../shared/jobs/start-dependencies.ts';
import type { StartDeps } from '../../shared/jobs/start-job.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import type { Job } from '../../shared/model/job.ts';
import type { RunRequest } from '../../shared/model/request.ts';
import {
  hashInput,
  type NewScript,
  newVersion,
  type OnBehalfOf,
  type ScriptHead,
  type ScriptVersion,
} from '../../shared/model/script.ts';
import { importedPaths, needsDependenciesJob } from '../../shared/model/script-needs.ts';

export type SaveDeps = {
  locks: ScriptLocks;
  /** What starting dependencies jobs takes. */
  start: StartDeps;
  report: Report;
  catalog: Pick<ScriptCatalog, 'add'>;
};

/** What is saved where, and whose it is: `by` made the version, and its packages are looked for as `owner`. */
export type Saving = {
  workspace: string;
  script: NewScript;
  head: ScriptHead | undefined;
  parent: ScriptVersion | undefined;
  by: string;
  owner: RunRequest['owner'];
  on_behalf_of: OnBehalfOf | undefined;
};

/** `parent_hashes` names this many ancestors; the history has them all. */
const KEPT_PARENTS = 20;

/**
 * Saves a version, with the job that looks for its packages where it needs some: that is made first, so that no version waits
 * for nothing, and sent last, so that it finds its version.
 */
export const saveVersion = async (
  deps: SaveDeps,
  saving: Saving,
  now: number,
): Promise<{ hash: string; outcome: Awaited<ReturnType<ScriptCatalog['add']>> }> => {
  const { workspace, script, head, parent, by, on_behalf_of } = saving;
  const hash = (await sha256Hex(hashInput(workspace, script, parent?.hash))).slice(0, 16);
  const parents = parent === undefined ? [] : [parent.hash, ...parent.parent_hashes].slice(0, KEPT_PARENTS);
  const waits = await waitsFor(deps, saving, hash, now);
  const version = newVersion(script, { hash, parents, by, now, on_behalf_of, lock_job: waits?.id });
  const outcome = await deps.catalog.add(workspace, version, head, importedPaths(script));
  if (waits?.job !== undefined) await letGo(deps, waits.job, outcome !== 'head-moved', now);
  return { hash, outcome };
};

/** The job that a version waits for. `job`: it is yet to run. */
const waitsFor = async (
  deps: SaveDeps,
  { workspace, script, owner }: Saving,
  hash: string,
  now: number,
): Promise<{ id: string; job?: Job } | undefined> => {
  if (!needsDependenciesJob(script)) return undefined;
  // The same version was there before and was deleted: its lock never changes.
  const known = await deps.locks.get(workspace, hash);
  if (known?.state === 'ready') return { id: known.job };
  const { path, language } = script;
  const job = await makeDependenciesJob(deps.start, { workspace, path, hash, language, owner }, now);
  return { id: job.id, job };
};

/** A message that cannot be sent now the reaper sends: the version is saved all the same. */
const letGo = async (deps: SaveDeps, job: Job, saved: boolean, now: number): Promise<void> => {
  try {
    await (saved ? deps.start.queue.send(job, now, now) : skipDependenciesJob(deps.start, job, now));
  } catch (error) {
    deps.report('a dependencies job is left to the reaper', error, { job: job.id });
  }
};
