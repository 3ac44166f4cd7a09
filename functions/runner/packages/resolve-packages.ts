import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalName } from '../../../shared/model/python-requirement.ts';
import { runUv, type UvPlaces } from './uv.ts';

/** A package that was chosen. */
export type ResolvedPackage = {
  /** Normalised. */
  name: string;
  version: string;
  /** Those of its archives in the index, any of which may be installed: `sha256:<hex>`. */
  hashes: string[];
};

const PINNED = /^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)((?:\s+--hash=\S+)*)$/;

/**
 * Chooses the newest versions of `requirements` and of all that these require, so that all of them fit together and fit
 * the interpreter. Sorted by name. Throws PackagesFailed, with what uv says of the choice it could not make.
 */
export const resolvePackages = async (
  places: UvPlaces,
  requirements: string[],
  timeoutMs: number,
): Promise<ResolvedPackage[]> => {
  if (requirements.length === 0) return [];
  writeFileSync(join(places.folder, 'requirements.in'), `${requirements.join('\n')}\n`);
  return resolvedPackages(await runUv(places, compileArguments(places.python, 'requirements.in'), timeoutMs));
};

/** Arguments with which uv chooses packages for `python` and prints what it chose. `input` is a file of requirements. */
export const compileArguments = (python: string, input: string): string[] => {
  const flags = ['--quiet', '--no-header', '--no-annotate', '--strip-extras', '--generate-hashes'];
  return ['pip', 'compile', ...flags, '--python', python, input];
};

/** Reads what uv printed. */
export const resolvedPackages = (printed: string): ResolvedPackage[] =>
  printed
    .replaceAll(/\\\r?\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(resolved);

const resolved = (line: string): ResolvedPackage => {
  const [, name, version, hashes = ''] = PINNED.exec(line.trim()) ?? [];
  if (name === undefined || version === undefined) throw new Error(`uv chose what is no package and version: ${line}`);
  return {
    name: normalName(name),
    version,
    hashes: [...hashes.matchAll(/--hash=(\S+)/g)].map((match) => match[1] ?? ''),
  };
};
