import type { Standing } from '../access/standing.ts';
import { Problem } from '../model/errors.ts';
import { sha256Hex } from '../model/ids.ts';
import { isCompleted, type Job, type JobKey } from '../model/job.ts';
import { indexesOf, secretsOfIndexes } from '../model/package-indexes.ts';
import { parsePythonLock, statedPython } from '../model/python-lock.ts';
import { pythonWishOf, requirementsOf } from '../model/python-requirements.ts';
import type { RunnerRequest } from '../model/runner.ts';
import type { LockRecord, ScriptLock } from '../model/script-lock.ts';
import type { ScriptLocks } from './dependency-ports.ts';
import { gatherNeeds, type ReadPython } from './gather-needs.ts';
import { LockPending } from './lock-pending.ts';
import { NotRunnable } from './not-runnable.ts';
import type { JobStore, RunnableCode, Settings } from './ports.ts';

export type PackagesDeps = {
  jobs: Pick<JobStore, 'get'>;
  locks: ScriptLocks;
  settings: Settings;
  /** Reads scripts as whoever has this standing may. */
  readPython: (standing: Standing) => ReadPython;
};

/** What of a runner's request is about packages, and what of it may stand in no log. */
type Asked<What> = { asked: What; secrets: string[] };

/**
 * What a dependencies job has to find: the packages of a version and of all scripts that it imports, or, where its author
 * gave it a lock, the hashes of those in it. Throws NotRunnable that names what cannot be read.
 */
export const neededPackages = async (
  deps: PackagesDeps,
  job: Job,
  code: RunnableCode,
  standing: Standing,
  now: number,
): Promise<Asked<NonNullable<RunnerRequest['dependencies']>>> => {
  const indexes = indexesOf(await deps.settings.read(now));
  const secrets = secretsOfIndexes(indexes);
  try {
    if (code.lock !== undefined) {
      const stated = statedPython(code.lock);
      const requirements = parsePythonLock(code.lock).packages.map(({ name, version }) => `${name}==${version}`);
      const python = stated === undefined ? {} : { python: { specifier: stated, line: 1 } };
      return { asked: { requirements, complete: true, ...python, indexes }, secrets };
    }
    const { needs } = await gatherNeeds(deps.readPython(standing), code.content, job.path);
    const python = pythonWishOf(needs);
    const asked = { requirements: requirementsOf(needs), indexes, ...(python === undefined ? {} : { python }) };
    return { asked, secrets };
  } catch (error) {
    if (error instanceof Problem) throw new NotRunnable(error.message, { cause: error });
    throw error;
  }
};

/**
 * The packages that a version was locked to; undefined: it needs none. Throws LockPending while its dependencies job has not
 * ended, and NotRunnable that names that job when it failed.
 */
export const lockedPackages = async (
  deps: PackagesDeps,
  { workspace, hash }: Job,
  { lockJob }: RunnableCode,
  now: number,
): Promise<Asked<RunnerRequest['packages']>> => {
  if (lockJob === undefined || hash === undefined) return { asked: undefined, secrets: [] };
  const read = (): Promise<ScriptLock | undefined> => deps.locks.get(workspace, hash);
  const lock = (await read()) ?? (await afterJob(deps, { workspace, id: lockJob }, read));
  if (lock.state === 'failed')
    throw new NotRunnable(
      `The packages that version ${hash} needs were not found, so it cannot run; see its dependencies job ${lock.job}: ${lock.error}`,
    );
  return packagesOf(deps.settings, lock, now);
};

/** A lock is written before its job leaves the live ones: where that is over and there is none yet, none comes. */
const afterJob = async (
  deps: PackagesDeps,
  key: JobKey,
  read: () => Promise<ScriptLock | undefined>,
): Promise<ScriptLock> => {
  const job = await deps.jobs.get(key);
  if (job !== undefined && !(isCompleted(job.status) && job.followups === undefined))
    throw new LockPending(`waits for its dependencies job ${key.id}`);
  const lock = await read();
  if (lock !== undefined) return lock;
  throw new NotRunnable(`The dependencies job ${key.id} made no lock: save the script again`);
};

/** As a runner is told about them. */
const packagesOf = async (
  settings: Settings,
  { lock, packages }: LockRecord,
  now: number,
): Promise<Asked<RunnerRequest['packages']>> => {
  if (packages.length === 0) return { asked: undefined, secrets: [] };
  const python = statedPython(lock);
  const indexes = indexesOf(await settings.read(now));
  const key = await sha256Hex(JSON.stringify([python, packages, indexes]));
  return {
    asked: { key, ...(python === undefined ? {} : { python }), list: packages, indexes },
    secrets: secretsOfIndexes(indexes),
  };
};
