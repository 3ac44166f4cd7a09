import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { wantsNode } from '../../../shared/model/language.ts';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import { fileOfScript, runnableTypescript } from '../../../shared/model/typescript-runnable.ts';
import type { JobFolder } from '../job-folder.ts';
import { limitsOf, readOutcome } from '../outcome.ts';
import type { Planner } from './language-plan.ts';
import { typescriptParameters } from './typescript-parameters.ts';

/**
 * `main.ts` on bun, or on Node when it says `//nodejs`. Types do not live at run time, so the parameters are read from the
 * source here and given to the wrapper in `call.json`. `//npm`, `//nobundling` and `//native` are comments: nothing is bundled,
 * and there is one way to install and to run.
 */
export const planTypescript: Planner = async ({ request, args, folder, places, packages }) => {
  const entrypoint = request.entrypoint ?? 'main';
  const onNode = wantsNode(request.code);
  const wrapper = join(places.wrappers, 'typescript_wrapper.mjs');
  writeSources(request, folder);
  const [modules] = packages;
  if (modules !== undefined) symlinkSync(join(modules, 'node_modules'), join(folder.path, 'node_modules'));
  const parameters = typescriptParameters(request.code, entrypoint);
  folder.write('call.json', JSON.stringify({ entrypoint, parameters: parameters ?? null, args }));
  if (onNode) folder.write('package.json', '{"type":"module"}');
  return {
    file: onNode ? places.node : await places.interpreter('bun'),
    argv: onNode
      ? ['--experimental-transform-types', '--disable-warning=ExperimentalWarning', wrapper]
      : ['--no-install', wrapper],
    env: onNode ? {} : { BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' },
    verdict: () => readOutcome(join(folder.path, '.outcome'), limitsOf(request)),
  };
};

/** Sources as they are, unless their imports have to lead to packages or to each other. */
const writeSources = ({ code, npm, packages, imports }: RunnerRequest, folder: JobFolder): void => {
  const main = imports?.path;
  const leads = npm !== undefined || packages !== undefined || imports !== undefined;
  folder.write('main.ts', leads ? runnableTypescript(code, { path: main, main }) : code);
  for (const one of imports?.scripts ?? [])
    folder.write(fileOfScript(one.path, main), runnableTypescript(one.code, { path: one.path, main }));
};
