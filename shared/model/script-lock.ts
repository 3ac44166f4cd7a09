import { z } from 'zod';
import { Problem } from './errors.ts';
import type { Language } from './language.ts';
import { parsePythonLock } from './python-lock.ts';
import { parseTypescriptLock } from './typescript-lock.ts';

/** One package of a lock, and the archives of it that the index had when it was chosen, any of which may be installed. */
export const RecordedPackage = z.object({
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be a normalised package name'),
  version: z.string().regex(/^[A-Za-z0-9.+!_-]{1,100}$/),
  hashes: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be a SHA-256')).max(5_000),
});
export type RecordedPackage = z.infer<typeof RecordedPackage>;

/** A lock as its author reads it, and beside it what an installer verifies; a TypeScript lock holds that itself. */
export const LockRecord = z.object({ lock: z.string(), packages: z.array(RecordedPackage) });
export type LockRecord = z.infer<typeof LockRecord>;

/** What a version's dependencies job came to. Without one the version waits for it. Once ready it never changes. */
export const ScriptLock = z.discriminatedUnion('state', [
  z.object({ state: z.literal('ready'), job: z.string(), ...LockRecord.shape }),
  z.object({ state: z.literal('failed'), job: z.string(), error: z.string() }),
]);
export type ScriptLock = z.infer<typeof ScriptLock>;

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
  if (JSON.stringify(record.data).length > LARGEST_RECORD_CHARS)
    return failed(`it needs ${packages.length} packages with more archives than a lock can hold`);
  return { state: 'ready', job, lock, packages };
};

const holds = (language: Language, lock: string, packages: RecordedPackage[]): boolean => {
  try {
    if (language !== 'bun') return sameSet(lock, packages);
    parseTypescriptLock(lock);
    return packages.length === 0;
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
