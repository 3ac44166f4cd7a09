import { z } from 'zod';
import { badRequest } from './errors.ts';
import { sha256Hex } from './ids.ts';
import { normalName } from './python-requirement.ts';

/** One package of a lock. */
type LockedName = { name: string; version: string };

/** What a lock says: for which Python (`3.13`) which version of each package. */
export type PythonLock = { python: string; packages: LockedName[] };

/** A package as it is stored beside a script's lock: who runs the script fetches `key` and verifies `sha256` before use. */
export const LockedPackage = z.object({
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be a normalised package name'),
  version: z.string().regex(/^[A-Za-z0-9.+!_-]{1,100}$/),
  /** Of the archive, lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Size of the archive. */
  bytes: z.int().min(1),
});
export type LockedPackage = z.infer<typeof LockedPackage>;

/** Windmill's: a lock that does not say for which Python it is. */
const UNSAID = '3.11';
const ENTRY = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[^\]]*\])?\s*==\s*([A-Za-z0-9.+!_-]+)$/;

/**
 * Reads a lock as Windmill writes it: `# py: 3.13`, then `name==version` a line. Other comments and empty lines are nothing;
 * a lock without the first line is for 3.11. Throws 400 that names the first line that is anything else.
 */
export const parsePythonLock = (text: string): PythonLock => {
  const lines = text.split(/\r?\n/);
  const packages = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const entry = line.replace(/(?:^|\s)#.*$/, '').trim();
    if (entry === '') continue;
    const [, written = '', version = ''] = ENTRY.exec(entry) ?? [];
    if (version === '') throw badRequest(`lock, line ${index + 1}: \`${entry}\` is not of the form name==version`);
    const name = normalName(written);
    const other = packages.get(name);
    if (other !== undefined && other !== version)
      throw badRequest(`lock, line ${index + 1}: ${name} stands in it twice, as ${other} and as ${version}`);
    packages.set(name, version);
  }
  return {
    python: statedPython(text) ?? UNSAID,
    packages: [...packages].map(([name, version]) => ({ name, version })),
  };
};

/** The Python that a lock's first line names; undefined: it names none. */
export const statedPython = (lock: string): string | undefined => {
  const minor = /^#\s*py(?::\s*3\.|3)(\d{1,2})\s*(?:\r?\n|$)/.exec(lock)?.[1];
  return minor === undefined ? undefined : `3.${minor}`;
};

/** The lock as text, packages by name, without a newline at its end. */
export const printPythonLock = ({ python, packages }: PythonLock): string =>
  [
    `# py: ${python}`,
    ...packages.map(({ name, version }) => `${name}==${version}`).sort((a, b) => (a < b ? -1 : 1)),
  ].join('\n');

/** Where the archive of a package lies: by workspace, so that no workspace can give another one its packages. */
export const packageKey = (workspace: string, sha256: string): string => `packages/${workspace}/${sha256}`;

/**
 * Names what a resolution depends on: equal for equal requirements in any order. Indexes belong to it, because the same
 * name may be another package in another index.
 */
export const requirementSetHash = (set: {
  workspace: string;
  python: string;
  requirements: string[];
  indexes: string[];
}): Promise<string> =>
  sha256Hex(
    JSON.stringify([
      set.workspace,
      set.python,
      [...new Set(set.requirements)].sort((a, b) => (a < b ? -1 : 1)),
      set.indexes,
    ]),
  );
