import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { choosePython } from '../../../shared/model/python-version.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import type { Places } from '../languages/language-plan.ts';
import { installNpm } from './install-npm.ts';
import { installPackages } from './install-packages.ts';
import { pythonVersion } from './python-of-runner.ts';

type Wheels = NonNullable<RunnerRequest['packages']>;

/** The packages that a request brings: Python's, or, with `lock`, those of npm. */
export type WantedPackages = Wheels | NonNullable<RunnerRequest['npm']>;

/** Throws when packages were chosen for another Python than the one that is here. */
export const checkPython = async (places: Places, wanted: string | undefined): Promise<void> => {
  if (wanted === undefined) return;
  choosePython({ specifier: wanted, line: 1 }, [await pythonVersion(await places.interpreter('python3'))]);
};

/**
 * Puts the packages of a request in place under an empty folder that nobody else uses, each verified by its hashes, and
 * answers the folders that the code is to find them in.
 */
export type PutPackages = (wanted: WantedPackages, target: string, timeoutMs: number) => Promise<string[]>;

/** Puts them in place from where they are published. */
export const putPublished = (root: string, path: string, places: Places): PutPackages => {
  const wheels = putFromIndex(root, path, places);
  return async (wanted, target, timeoutMs) => {
    if (!('lock' in wanted)) return wheels(wanted, target, timeoutMs);
    await installNpm({ root, path, places }, wanted, target, timeoutMs);
    return [target];
  };
};

const putFromIndex =
  (root: string, path: string, places: Places) =>
  async ({ list, indexes, python: wanted }: Wheels, target: string, timeoutMs: number): Promise<string[]> => {
    const [uv, python] = await Promise.all([places.interpreter('uv'), places.interpreter('python3')]);
    if (indexes === undefined) throw new Error('packages have neither archives nor an index');
    await checkPython(places, wanted);
    const folder = mkdtempSync(join(root, 'install-'));
    try {
      const installed = await installPackages({ uv, python, path, folder, indexes }, list, target, timeoutMs);
      return installed.map((one) => one.folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
