import type { Standing } from '../access/standing.ts';
import { sha256Hex } from '../model/ids.ts';
import { isCompleted, type Job, type JobKey } from '../model/job.ts';
import { indexesOf, secretsOfIndexes } from '../model/package-indexes.ts';
import { parsePythonLock, statedPython } from '../model/python-lock.ts';
import type { PackageIndexes, PythonToChoose, RunnerRequest } from '../model/runner.ts';
import { archivesOf, type LockRecord, outcomeOf, type ScriptLock } from '../model/script-lock.ts';
import type { ScriptLocks } from './dependency-ports.ts';
import { LockPending } from './lock-pending.ts';
import { NotRunnable } from './not-runnable.ts';
import { type NpmDeps, npmToChoose, npmToRun } from './npm-request.ts';
import type { PackageArchives } from './package-ports.ts';
import type { JobStore, RunnableCode } from './ports.ts';
import { choiceOf, type PythonDeps, pythonImports, secretsOfChoice, unlockedPython } from './python-run.ts';

export type PackagesDeps = NpmDeps &
  PythonDeps & { jobs: Pick<JobStore, 'get'>; locks: ScriptLocks; archives: PackageArchives };

/** A runner fetches its packages first of all. */
const LINK_SECONDS = 900;

/** What of a runner's request is about packages, and what of it may stand in no log. */
type Asked<What> = { asked: What; secrets: string[] };

/** `known`: the packages were chosen a moment ago, and nothing need run. `keepAs`: the name of the choice. */
type Choosing = Asked<Pick<RunnerRequest, 'dependencies' | 'choose'>> & { known?: LockRecord; keepAs?: string };

/**
 * What a dependencies job has to find: the packages of a version and of all scripts that it imports, or, where its author
 * gave it a lock, the hashes of those in it. Where the version has a lock already, its archives are made anew. Throws NotRunnable that names what cannot be read.
 */
export const neededPackages = async (
  deps: PackagesDeps,
  job: Job,
  code: RunnableCode,
  standing: Standing,
  now: number,
): Promise<Choosing> => {
  const made = job.hash === undefined ? undefined : await deps.locks.fresh(job.workspace, job.hash);
  switch (job.language) {
    case 'bun': {
      const lock = made?.state === 'ready' ? made.lock : undefined;
      return npmToChoose(deps, job, { content: code.content, lock }, standing, now);
    }
    case 'bash':
      return { asked: {}, secrets: [], known: { lock: '', packages: [] } };
    case 'python3': {
      if (made?.state === 'ready') {
        const indexes = indexesOf(await deps.settings.read(now));
        const dependencies = { ...fromLock(made.lock, indexes), recorded: made.packages };
        return { asked: { dependencies }, secrets: secretsOfIndexes(indexes) };
      }
      const choice =
        code.lock === undefined
          ? await unlockedPython(deps, job, code.content, standing, now)
          : await choiceOf(deps, job, fromLock(code.lock, indexesOf(await deps.settings.read(now))), now);
      if (choice === undefined) return { asked: {}, secrets: [], known: { lock: '', packages: [] } };
      const { choose, known, keepAs } = choice;
      const asked = { asked: { dependencies: choose }, secrets: secretsOfChoice(choice), keepAs };
      return known === undefined ? asked : { ...asked, known };
    }
  }
};

/** Its author's lock was read when it was saved. */
const fromLock = (lock: string, indexes: PackageIndexes): PythonToChoose => {
  const stated = statedPython(lock);
  const requirements = parsePythonLock(lock).packages.map(({ name, version }) => `${name}==${version}`);
  const python = stated === undefined ? {} : { python: { specifier: stated, line: 1 } };
  return { requirements, complete: true, ...python, indexes };
};

/**
 * What a job may import: the packages that its version was locked to, and, in TypeScript, scripts of its workspace. Throws
 * LockPending while the version's dependencies job has not ended, and NotRunnable that names that job when it failed.
 */
export const importsOfRun = async (
  deps: PackagesDeps,
  job: Job,
  code: RunnableCode,
  standing: Standing,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'packages' | 'unlocked' | 'npm' | 'imports'>> & { keepAs?: string }> => {
  const made = await lockOf(deps, job, code);
  if (job.language === 'bun') {
    const lock = code.lock ?? made?.lock;
    const archived = code.lock === undefined && made !== undefined ? await archiveOf(deps, job.workspace, made) : {};
    return npmToRun(deps, job, { content: code.content, lock, archived }, standing, now);
  }
  if (job.language !== 'python3') return { asked: {}, secrets: [] };
  const imports = await pythonImports(deps, job, code.content, standing);
  const choice = job.kind === 'preview' ? await unlockedPython(deps, job, code.content, standing, now) : undefined;
  if (choice !== undefined && choice.known === undefined)
    return { asked: { ...imports, unlocked: choice.choose }, secrets: secretsOfChoice(choice), keepAs: choice.keepAs };
  const lock = choice?.known ?? made;
  if (lock === undefined) return { asked: imports, secrets: [] };
  const { asked, secrets } = await packagesOf(deps, job.workspace, lock, now);
  return { asked: { ...imports, ...asked }, secrets };
};

/** What was made for a version; undefined: it needs no packages. */
const lockOf = async (
  deps: PackagesDeps,
  { workspace, hash, created_at }: Job,
  { lockJob }: RunnableCode,
): Promise<LockRecord | undefined> => {
  if (lockJob === undefined || hash === undefined) return undefined;
  const read = async (): Promise<ScriptLock | undefined> => outcomeOf(await deps.locks.get(workspace, hash), lockJob);
  const lock = (await read()) ?? (await afterJob(deps, { workspace, id: lockJob }, read));
  if (lock.state === 'failed')
    throw new NotRunnable(
      `The packages that version ${hash} needs were not found, so it cannot run; see its dependencies job ${lock.job}: ${lock.error}`,
    );
  if (lock.rebuild !== undefined) await untilRebuilt(deps, { workspace, id: lock.rebuild });
  if (lock.lost !== undefined && created_at <= lock.lost.at)
    throw new NotRunnable(
      `Packages of version ${hash} were lost and could not be made anew; see the dependencies job ${lock.job}: ${lock.lost.error}`,
    );
  return lock;
};

/** A job that ended without a word about its lock leaves it to the next run to find out. */
const untilRebuilt = async (deps: PackagesDeps, key: JobKey): Promise<void> => {
  const job = await deps.jobs.get(key);
  if (job !== undefined && !(isCompleted(job.status) && job.followups === undefined))
    throw new LockPending(`waits for its dependencies job ${key.id}`);
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

/** All of `node_modules` of a lock that has an archive. */
const archiveOf = async (
  deps: Pick<PackagesDeps, 'archives'>,
  workspace: string,
  { packages }: LockRecord,
): Promise<Pick<RunnerRequest, 'packages'>> => {
  const hashes = archivesOf({ packages });
  if (hashes === undefined || hashes.length === 0) return {};
  const links = await deps.archives.links(workspace, hashes, LINK_SECONDS);
  return { packages: { key: await sha256Hex(hashes.join()), list: packages, links } };
};

/** As a runner is told about them. */
const packagesOf = async (
  deps: Pick<PackagesDeps, 'settings' | 'archives'>,
  workspace: string,
  { lock, packages }: LockRecord,
  now: number,
): Promise<Asked<Pick<RunnerRequest, 'packages'>>> => {
  if (packages.length === 0) return { asked: {}, secrets: [] };
  const python = statedPython(lock);
  const indexes = indexesOf(await deps.settings.read(now));
  const hashes = archivesOf({ packages });
  const links = hashes === undefined ? {} : { links: await deps.archives.links(workspace, hashes, LINK_SECONDS) };
  const key = await sha256Hex(JSON.stringify([python, packages, indexes]));
  return {
    asked: { packages: { key, ...(python === undefined ? {} : { python }), list: packages, ...links, indexes } },
    secrets: secretsOfIndexes(indexes),
  };
};
