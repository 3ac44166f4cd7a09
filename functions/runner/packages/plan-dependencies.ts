import { join } from 'node:path';
import { printPythonLock } from '../../../shared/model/python-lock.ts';
import { choosePython } from '../../../shared/model/python-version.ts';
import type { RecordedPackage } from '../../../shared/model/script-lock.ts';
import type { Planner } from '../languages/language-plan.ts';
import type { LastLines } from '../last-lines.ts';
import { failure, readUpTo, tooLarge, type Verdict } from '../outcome.ts';
import { pythonVersion } from './python-of-runner.ts';
import { compileArguments, resolvedPackages } from './resolve-packages.ts';
import { storingPackages } from './storing-packages.ts';
import { uvEnvironment } from './uv.ts';

const OUTPUT = 'requirements.txt';

/**
 * uv as the job's own process, so that its limits, its log and its end are those of any job. Its cache lies in the job's
 * folder: what a build left behind there is used by no other job.
 */
export const planDependencies: Planner = async ({ request, folder, places, path }) => {
  if (request.dependencies === undefined) throw new Error('the job has no dependencies to resolve');
  const { requirements, python: wish, indexes, complete, recorded, archives } = request.dependencies;
  const [uv, python] = await Promise.all([places.interpreter('uv'), places.interpreter('python3')]);
  const version = choosePython(wish, [await pythonVersion(python)]);
  folder.write('requirements.in', requirements.map((one) => `${one}\n`).join(''));
  return {
    file: uv,
    argv: [
      ...compileArguments(python, 'requirements.in'),
      ...(complete === true ? ['--no-deps'] : []),
      '--output-file',
      OUTPUT,
    ],
    note: `for Python ${version}: ${requirements.length === 0 ? 'no packages' : requirements.join(', ')}`,
    env: uvEnvironment(indexes, join(folder.path, 'cache')),
    ...(archives === undefined
      ? {}
      : { after: storingPackages({ uv, python, path, folder: folder.path, indexes }, archives) }),
    verdict: (ended, output) =>
      ended.code === 0
        ? lockIn(join(folder.path, OUTPUT), version, request.resultLimitBytes, recorded)
        : ended.code === null
          ? undefined
          : unresolved(output),
  };
};

const lockIn = (file: string, python: string, limit: number, recorded?: RecordedPackage[]): Verdict => {
  const printed = readUpTo(file, limit);
  if (printed === undefined) return failure('DependenciesError', 'uv left no file with what it chose');
  if (printed.size > limit) return tooLarge(printed.size, limit);
  const packages = recorded ?? resolvedPackages(printed.bytes.toString('utf8'));
  const lock = printPythonLock({ python, packages });
  return { success: true, json: JSON.stringify({ lock, packages }), note: `the lock:\n${lock}` };
};

/** All that uv said stands in the log; its last lines name what does not fit. */
const unresolved = (output: LastLines): Verdict =>
  failure('DependenciesError', `The packages that the script needs could not be found or built:\n${output.tail()}`);
