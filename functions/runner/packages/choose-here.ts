import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { printPythonLock } from '../../../shared/model/python-lock.ts';
import { choosePython } from '../../../shared/model/python-version.ts';
import type { PythonToChoose, RunnerRequest } from '../../../shared/model/runner.ts';
import type { LockRecord } from '../../../shared/model/script-lock.ts';
import type { RunnerEnvironment } from '../environment.ts';
import { pythonVersion } from './python-of-runner.ts';
import { resolvePackages } from './resolve-packages.ts';

/**
 * Chooses packages by the way of a job that has no lock, and answers what was chosen, as a lock and as the request would
 * have brought it. Throws PackagesFailed, and 400 for a Python that does not run here.
 */
export const chooseHere = async (
  { root, path, places }: RunnerEnvironment,
  { requirements, python: wish, indexes }: PythonToChoose,
  timeoutMs: number,
): Promise<{ record: LockRecord; packages: NonNullable<RunnerRequest['packages']> }> => {
  const [uv, python] = await Promise.all([places.interpreter('uv'), places.interpreter('python3')]);
  const version = choosePython(wish, [await pythonVersion(python)]);
  const folder = mkdtempSync(join(root, 'choose-'));
  try {
    const list = await resolvePackages({ uv, python, path, folder, indexes }, requirements, timeoutMs);
    const record = { lock: printPythonLock({ python: version, packages: list }), packages: list };
    const key = createHash('sha256')
      .update(JSON.stringify([version, list, indexes]))
      .digest('hex');
    return { record, packages: { key, python: version, list, indexes } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
