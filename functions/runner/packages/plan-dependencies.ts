import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { printPythonLock } from '../../../shared/model/python-lock.ts';
import { choosePython } from '../../../shared/model/python-version.ts';
import type { Planner } from '../languages/language-plan.ts';
import type { LastLines } from '../last-lines.ts';
import { failure, readUpTo, tooLarge, type Verdict } from '../outcome.ts';
import { compileArguments, resolvedPackages } from './resolve-packages.ts';
import { uvEnvironment } from './uv.ts';

const run = promisify(execFile);
const OUTPUT = 'requirements.txt';

/**
 * uv as the job's own process, so that its limits, its log and its end are those of any job. Its cache lies in the job's
 * folder: what a build left behind there is used by no other job.
 */
export const planDependencies: Planner = async ({ request, folder, places }) => {
  if (request.dependencies === undefined) throw new Error('the job has no dependencies to resolve');
  const { requirements, python: wish, indexes } = request.dependencies;
  const [uv, python] = await Promise.all([places.interpreter('uv'), places.interpreter('python3')]);
  const version = choosePython(wish, [await versionOf(python)]);
  folder.write('requirements.in', requirements.map((one) => `${one}\n`).join(''));
  return {
    file: uv,
    argv: [...compileArguments(python, 'requirements.in'), '--output-file', OUTPUT],
    env: uvEnvironment(indexes, join(folder.path, 'cache')),
    verdict: (ended, output) =>
      ended.code === 0
        ? lockIn(join(folder.path, OUTPUT), version, request.resultLimitBytes)
        : ended.code === null
          ? undefined
          : unresolved(output),
  };
};

const versionOf = async (python: string): Promise<string> => {
  const { stdout } = await run(python, ['-I', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { env: {} });
  return stdout.trim();
};

const lockIn = (file: string, python: string, limit: number): Verdict => {
  const printed = readUpTo(file, limit);
  if (printed === undefined) return failure('DependenciesError', 'uv left no file with what it chose');
  if (printed.size > limit) return tooLarge(printed.size, limit);
  const packages = resolvedPackages(printed.bytes.toString('utf8'));
  return { success: true, json: JSON.stringify({ lock: printPythonLock({ python, packages }), packages }) };
};

/** All that uv said stands in the log; its last lines name what does not fit. */
const unresolved = (output: LastLines): Verdict =>
  failure('DependenciesError', `The packages that the script needs could not be found or built:\n${output.tail()}`);
