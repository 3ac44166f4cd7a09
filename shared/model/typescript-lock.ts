import { z } from 'zod';
import { badRequest } from './errors.ts';
import { parseJson } from './json.ts';

/** A lock as Windmill writes it: a package.json, and what bun chose for it. */
export type TypescriptLock = {
  /** The text of package.json. */
  manifest: string;
  /** The text of bun.lock. Absent in a lock of a `//npm` script, which leaves the choice to each run. */
  chosen?: string;
  /** True when there is nothing to install. */
  empty: boolean;
};

const SEPARATOR = /\r?\n\/\/bun\.lock(b?)\r?\n/;
const NOTHING = '<empty>';
const names = z.record(z.string(), z.string()).default({});
const Manifest = z.object({ dependencies: names, devDependencies: names, optionalDependencies: names });

/**
 * Reads a lock: package.json, a line `//bun.lock`, then bun.lock, or `<empty>` where there is nothing to lock. An empty text
 * is an empty lock. What bun.lock holds is bun's to read. Throws 400 that says what is wrong with it.
 */
export const parseTypescriptLock = (text: string): TypescriptLock => {
  if (text.trim() === '') return { manifest: '{}', empty: true };
  const separator = SEPARATOR.exec(text);
  const manifest = separator === null ? text : text.slice(0, separator.index);
  const needsNothing = isEmpty(manifest);
  if (separator === null) return { manifest, empty: needsNothing };
  const chosen = text.slice(separator.index + separator[0].length);
  if (chosen.trim() === NOTHING) {
    if (needsNothing) return { manifest, empty: true };
    throw badRequest('lock: its package.json names packages, but nothing stands below //bun.lock; make the lock anew');
  }
  if (separator[1] === 'b')
    throw badRequest(
      'lock: it is of the binary kind (//bun.lockb), which is not read here; make it anew with bun 1.2 or newer',
    );
  if (!chosen.trimStart().startsWith('{'))
    throw badRequest('lock: what stands below //bun.lock is no bun.lock, which begins with {');
  return { manifest, chosen, empty: needsNothing };
};

const isEmpty = (manifest: string): boolean => {
  const parsed = parseJson(manifest);
  if (!parsed.ok) throw badRequest(`lock: above //bun.lock a package.json has to stand, and this is no JSON`);
  const read = Manifest.safeParse(parsed.value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw badRequest(`lock: package.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
  }
  return Object.values(read.data).every((group) => Object.keys(group).length === 0);
};

/** The lock as Windmill writes it. `chosen`: the text of bun.lock; undefined when there was nothing to choose. */
export const printTypescriptLock = (manifest: string, chosen: string | undefined): string =>
  `${manifest}\n//bun.lock\n${chosen ?? NOTHING}`;
