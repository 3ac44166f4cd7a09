import { join } from 'node:path';
import { parseTypescriptLock, printTypescriptLock } from '../../../shared/model/typescript-lock.ts';
import type { Planner } from '../languages/language-plan.ts';
import type { LastLines } from '../last-lines.ts';
import { failure, readUpTo, tooLarge, type Verdict } from '../outcome.ts';
import { bunEnvironment, CHOOSE, CHOOSE_AND_INSTALL, INSTALL_LOCKED } from './bun.ts';
import { storingNpm } from './storing-npm.ts';

/**
 * bun as the job's own process, so that its limits, its log and its end are those of any job; its cache lies in the job's folder.
 * Where an archive is wanted it installs as well.
 */
export const planNpmLock: Planner = async ({ request, folder, places }) => {
  const { choose } = request;
  if (choose === undefined) throw new Error('the job has no package.json to choose packages for');
  folder.write('package.json', choose.manifest);
  const known = choose.lock === undefined ? undefined : parseTypescriptLock(choose.lock).chosen;
  if (known !== undefined) folder.write('bun.lock', known);
  return {
    file: await places.interpreter('bun'),
    argv: known !== undefined ? INSTALL_LOCKED : choose.archives === undefined ? CHOOSE : CHOOSE_AND_INSTALL,
    env: bunEnvironment(choose.registry, join(folder.path, 'cache')),
    ...(choose.archives === undefined ? {} : { after: storingNpm(folder.path, choose.archives) }),
    verdict: (ended, output) =>
      ended.code === 0
        ? lockIn(join(folder.path, 'bun.lock'), choose.manifest, request.resultLimitBytes)
        : ended.code === null
          ? undefined
          : notChosen(output),
  };
};

const lockIn = (file: string, manifest: string, limit: number): Verdict => {
  const chosen = readUpTo(file, limit);
  if (chosen === undefined && parseTypescriptLock(manifest).empty)
    return { success: true, json: JSON.stringify({ lock: printTypescriptLock(manifest, undefined), packages: [] }) };
  if (chosen === undefined) return failure('DependenciesError', 'bun left no file with what it chose');
  if (chosen.size > limit) return tooLarge(chosen.size, limit);
  const lock = printTypescriptLock(manifest, chosen.bytes.toString('utf8'));
  return { success: true, json: JSON.stringify({ lock, packages: [] }) };
};

/** All that bun said stands in the log; its last lines name the package that it did not find. */
const notChosen = (output: LastLines): Verdict =>
  failure('DependenciesError', `The packages that the script imports could not be found:\n${output.tail()}`);
