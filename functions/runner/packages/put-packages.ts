import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { choosePython } from '../../../shared/model/python-version.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import type { Places } from '../languages/language-plan.ts';
import { installPackages } from './install-packages.ts';
import { pythonVersion } from './python-of-runner.ts';

/**
 * Puts the packages of a request in place under an empty folder that nobody else uses, each verified by its hashes, and
 * answers the folders that the code is to find them in.
 */
export type PutPackages = (
  wanted: NonNullable<RunnerRequest['packages']>,
  target: string,
  timeoutMs: number,
) => Promise<string[]>;

/** Puts them in place from their index. */
export const putFromIndex =
  (root: string, path: string, places: Places): PutPackages =>
  async ({ list, indexes, python: wanted }, target, timeoutMs) => {
    const [uv, python] = await Promise.all([places.interpreter('uv'), places.interpreter('python3')]);
    if (wanted !== undefined) choosePython({ specifier: wanted, line: 1 }, [await pythonVersion(python)]);
    const folder = mkdtempSync(join(root, 'install-'));
    try {
      const installed = await installPackages({ uv, python, path, folder, indexes }, list, target, timeoutMs);
      return installed.map((one) => one.folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
