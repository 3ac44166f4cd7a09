import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import type { JobFolder } from '../job-folder.ts';
import { limitsOf, readOutcome } from '../outcome.ts';
import type { Planner } from './language-plan.ts';

/** `main.py` is the user's; the wrapper reads `args.json` and leaves `.outcome`. */
export const planPython: Planner = async ({ request, argsText, folder, places, packages }) => {
  const entrypoint = request.entrypoint ?? 'main';
  const file = await places.interpreter('python3');
  folder.write('main.py', request.code);
  folder.write('args.json', argsText);
  const inside = writeImports(request, folder);
  return {
    file,
    argv: ['-u', '-B', join(places.wrappers, 'python', 'boot.py'), entrypoint, inside, ...packages],
    env: {},
    python: { entrypoint, inside, packages },
    verdict: () => readOutcome(join(folder.path, '.outcome'), limitsOf(request)),
  };
};

/** Scripts of the workspace stand as modules where their paths say. Answers the package that the code itself is in, for `from .`. */
const writeImports = ({ imports }: RunnerRequest, folder: JobFolder): string => {
  if (imports === undefined) return '';
  const inside = imports.path === undefined ? '' : dirname(imports.path);
  if (inside !== '') mkdirSync(join(folder.path, inside), { recursive: true, mode: 0o700 });
  for (const { path, code } of imports.scripts) {
    mkdirSync(join(folder.path, dirname(path)), { recursive: true, mode: 0o700 });
    folder.write(`${path}.py`, code);
  }
  return inside.replaceAll('/', '.');
};
