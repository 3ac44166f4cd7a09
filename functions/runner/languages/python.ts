import { join } from 'node:path';
import { limitsOf, readOutcome } from '../outcome.ts';
import type { Planner } from './language-plan.ts';

/** `main.py` is the user's; the wrapper reads `args.json` and leaves `.outcome`. */
export const planPython: Planner = async ({ request, argsText, folder, places, packages }) => {
  const entrypoint = request.entrypoint ?? 'main';
  const file = await places.interpreter('python3');
  folder.write('main.py', request.code);
  folder.write('args.json', argsText);
  return {
    file,
    argv: ['-u', '-B', join(places.wrappers, 'python', 'boot.py'), entrypoint, ...packages],
    env: {},
    python: { entrypoint, packages },
    verdict: () => readOutcome(join(folder.path, '.outcome'), limitsOf(request)),
  };
};
