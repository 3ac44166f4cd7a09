import type { Standing } from '../access/standing.ts';
import { Problem } from '../model/errors.ts';
import type { Job } from '../model/job.ts';
import { indexesOf, secretsOfIndexes } from '../model/package-indexes.ts';
import { requirementSetHash } from '../model/python-lock.ts';
import { pythonWishOf, requirementsOf } from '../model/python-requirements.ts';
import type { PythonToChoose, RunnerRequest } from '../model/runner.ts';
import type { LockRecord } from '../model/script-lock.ts';
import type { ChosenLocks } from './dependency-ports.ts';
import { type GatheredNeeds, gatherNeeds, type ReadPython } from './gather-needs.ts';
import { NotRunnable } from './not-runnable.ts';
import type { Settings } from './ports.ts';

export type PythonDeps = {
  settings: Settings;
  chosenLocks: ChosenLocks;
  /** Reads scripts as whoever has this standing may. */
  readPython: (standing: Standing) => ReadPython;
};

/** How long a choice of packages is good for code without a lock (Windmill's). */
export const CHOICE_MS = 300_000;

/** They go with the request that starts a job (6 MB, Lambda's limit). */
const MOST_CHARS = 2_000_000;

/** Most code imports no script of its workspace, and need not be read for it. */
const MAY_IMPORT_SCRIPTS = /^\s*(?:from\s+(?:\.|[uf]\b)|import\s+[^#]*\b[uf]\.)|;\s*(?:from|import)\b/m;

/** The scripts of its workspace that Python code imports, as they are now; nothing for code that imports none. */
export const pythonImports = async (
  deps: PythonDeps,
  { path }: Pick<Job, 'path'>,
  code: string,
  standing: Standing,
): Promise<Pick<RunnerRequest, 'imports'>> => {
  if (!MAY_IMPORT_SCRIPTS.test(code)) return {};
  const { needs, scripts } = await gathered(deps, code, path, standing);
  if ((needs[0]?.scripts.length ?? 0) === 0) return {};
  if (scripts.reduce((sum, script) => sum + script.code.length, 0) > MOST_CHARS)
    throw new NotRunnable(`the scripts that it imports are more than ${MOST_CHARS} characters together`);
  return { imports: { ...(path === undefined ? {} : { path }), scripts } };
};

/** Packages that are to be chosen, and under which names a choice made within the last minutes may be found. */
export type WantedChoice = { choose: PythonToChoose; known: LockRecord | undefined; keepAs: string };

/**
 * What code without a lock needs; undefined: no packages. Where packages are chosen by the way, in an environment in which user
 * code ran, the choice is good for the same identity only; those of dependencies jobs are good for the workspace. Throws
 * NotRunnable that names what cannot be read.
 */
export const unlockedPython = async (
  deps: PythonDeps,
  job: Job,
  code: string,
  standing: Standing,
  now: number,
): Promise<WantedChoice | undefined> => {
  const { needs } = await gathered(deps, code, job.path, standing);
  const requirements = requirementsOf(needs);
  const python = pythonWishOf(needs);
  if (requirements.length === 0 && python === undefined) return undefined;
  const indexes = indexesOf(await deps.settings.read(now));
  return choiceOf(deps, job, { requirements, indexes, ...(python === undefined ? {} : { python }) }, now);
};

/** The same for requirements that are known. */
export const choiceOf = async (
  deps: Pick<PythonDeps, 'chosenLocks'>,
  { workspace, permissioned_as, kind, hash }: Job,
  choose: PythonToChoose,
  now: number,
): Promise<WantedChoice> => {
  const { requirements, python, indexes, complete = false } = choose;
  const named = (scope: string): Promise<string> =>
    requirementSetHash({
      workspace,
      python: JSON.stringify([scope, complete, python?.specifier ?? '']),
      requirements,
      indexes: [indexes.default ?? '', ...indexes.extra],
    });
  const [ofAll, own] = await Promise.all([named(''), named(permissioned_as)]);
  // Whoever saves a version wants what is the newest at that moment.
  if (kind === 'dependencies' && hash !== undefined) return { choose, known: undefined, keepAs: ofAll };
  const common = await deps.chosenLocks.find(workspace, ofAll, now);
  if (kind === 'dependencies') return { choose, known: common, keepAs: ofAll };
  return { choose, known: common ?? (await deps.chosenLocks.find(workspace, own, now)), keepAs: own };
};

export const secretsOfChoice = ({ choose }: WantedChoice): string[] => secretsOfIndexes(choose.indexes);

/** Throws NotRunnable that names what cannot be read. */
const gathered = async (
  deps: PythonDeps,
  code: string,
  path: string | undefined,
  standing: Standing,
): Promise<GatheredNeeds> => {
  try {
    return await gatherNeeds(deps.readPython(standing), code, path);
  } catch (error) {
    if (error instanceof Problem) throw new NotRunnable(error.message, { cause: error });
    throw error;
  }
};
