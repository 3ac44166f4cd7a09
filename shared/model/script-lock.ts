import { z } from 'zod';
import { Problem } from './errors.ts';
import type { Language } from './language.ts';
import { LOCK_LIMITS, MOST_PACKAGES, PACKAGE_LIMITS } from './package-archive.ts';
import { parsePythonLock } from './python-lock.ts';
import { parseTypescriptLock } from './typescript-lock.ts';

/** One package of a lock, and the archives of it that the index had when it was chosen, any of which may be installed. */
export const RecordedPackage = z.object({
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be a normalised package name'),
  version: z.string().regex(/^[A-Za-z0-9.+!_-]{1,100}$/),
  hashes: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be a SHA-256')).max(5_000),
  /** What was made of it once and lies in the bucket: a tar of its installed files. */
  archive: z
    .object({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.number().int().min(1).max(PACKAGE_LIMITS.archiveBytes),
    })
    .optional(),
});
export type RecordedPackage = z.infer<typeof RecordedPackage>;

/** What a TypeScript lock records: all of its packages together, in one archive. */
export const NODE_MODULES = { name: 'node-modules', version: '1', hashes: [] };

/** A lock as its author reads it, and beside it what an installer verifies; a TypeScript lock holds that itself. */
export const LockRecord = z.object({ lock: z.string(), packages: z.array(RecordedPackage).max(MOST_PACKAGES) });
export type LockRecord = z.infer<typeof LockRecord>;

/** Archives of a lock that were found lost, and why they could not be made anew; `at` in milliseconds since 1970. */
const LostArchives = z.object({ at: z.number(), error: z.string() });

/**
 * What a version's dependencies job came to. Without one the version waits for it. Once ready its packages never change; its
 * archives do when one was lost: `rebuild` is the dependencies job that makes them anew, `lost` tells of one that failed.
 */
export const ScriptLock = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('ready'),
    job: z.string(),
    ...LockRecord.shape,
    rebuild: z.string().optional(),
    lost: LostArchives.optional(),
  }),
  z.object({ state: z.literal('failed'), job: z.string(), error: z.string() }),
]);
export type ScriptLock = z.infer<typeof ScriptLock>;
export type ReadyLock = Extract<ScriptLock, { state: 'ready' }>;

/** What `job` came to: a failure of the job before it, when the version was deleted and saved again, is nothing of its own. */
export const outcomeOf = (lock: ScriptLock | undefined, job: string): ScriptLock | undefined =>
  lock?.state === 'failed' && lock.job !== job ? undefined : lock;

/** An item of the catalog holds 400 KB; hashes of a package with archives for many platforms are a few KB. */
const LARGEST_RECORD_CHARS = 350_000;
const LARGEST_ERROR_CHARS = 20_000;

/**
 * What the result of a dependencies job says, or why it cannot be used: code of the packages' authors may have run where it
 * was made, so nothing of it is taken for granted.
 */
export const lockFrom = (
  { job, language }: { job: string; language: Language },
  success: boolean,
  result: unknown,
): ScriptLock => {
  const failed = (error: string): ScriptLock => ({ state: 'failed', job, error: error.slice(0, LARGEST_ERROR_CHARS) });
  if (!success) {
    const told = z.object({ error: z.object({ message: z.string() }) }).safeParse(result);
    return failed(told.success ? told.data.error.message : 'its dependencies job failed');
  }
  const record = LockRecord.safeParse(result);
  if (!record.success) return failed(`its dependencies job made no lock: ${z.prettifyError(record.error)}`);
  const { lock, packages } = record.data;
  if (!holds(language, lock, packages))
    return failed('its dependencies job made a lock that lists other packages than its record');
  const bytes = packages.reduce((sum, { archive }) => sum + (archive?.bytes ?? 0), 0);
  if (bytes > LOCK_LIMITS.archiveBytes)
    return failed(`its packages are ${bytes} bytes together, more than the limit of ${LOCK_LIMITS.archiveBytes}`);
  if (JSON.stringify(record.data).length > LARGEST_RECORD_CHARS)
    return failed(`it needs ${packages.length} packages with more archives than a lock can hold`);
  return { state: 'ready', job, lock, packages };
};

const holds = (language: Language, lock: string, packages: RecordedPackage[]): boolean => {
  try {
    if (language !== 'bun') return sameSet(lock, packages);
    const { empty } = parseTypescriptLock(lock);
    return packages.length === 0 || (!empty && packages.length === 1 && packages[0]?.name === NODE_MODULES.name);
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
};

const sameSet = (lock: string, packages: RecordedPackage[]): boolean => {
  const text = (all: { name: string; version: string }[]): string =>
    all
      .map(({ name, version }) => `${name}==${version}`)
      .sort((a, b) => (a < b ? -1 : 1))
      .join('\n');
  return text(parsePythonLock(lock).packages) === text(packages);
};

/** Hashes of the archives of a lock, in its order; undefined when it has none for one of its packages. */
export const archivesOf = ({ packages }: Pick<LockRecord, 'packages'>): string[] | undefined => {
  const hashes = packages.flatMap(({ archive }) => (archive === undefined ? [] : [archive.sha256]));
  return hashes.length === packages.length ? hashes : undefined;
};

/**
 * The lock after the job `made` was to make its archives anew. Where that failed the lock stays, and tells so to the jobs that
 * waited: a later one tries it again.
 */
export const rebuilt = (lock: ReadyLock, made: ScriptLock, now: number): ReadyLock => {
  const { rebuild: _rebuild, lost: _lost, ...rest } = lock;
  if (made.state === 'failed') return { ...rest, job: made.job, lost: { at: now, error: made.error } };
  const archives = new Map(made.packages.map(({ name, archive }) => [name, archive]));
  const packages = lock.packages.map((one) => ({ ...one, archive: archives.get(one.name) }));
  return { ...rest, job: made.job, packages };
};
