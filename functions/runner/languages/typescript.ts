import { join } from 'node:path';
import { wantsNode } from '../../../shared/model/language.ts';
import { limitsOf, readOutcome } from '../outcome.ts';
import type { Planner } from './language-plan.ts';
import { typescriptParameters } from './typescript-parameters.ts';

/**
 * `main.ts` on bun, or on Node when it says `//nodejs`. Types do not live at run time, so the parameters are read from the
 * source here and given to the wrapper in `call.json`.
 */
export const planTypescript: Planner = async ({ request, args, folder, places }) => {
  const entrypoint = request.entrypoint ?? 'main';
  const onNode = wantsNode(request.code);
  const wrapper = join(places.wrappers, 'typescript_wrapper.mjs');
  folder.write('main.ts', request.code);
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
