import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Assembles what the runner's image is built from: `Dockerfile` and `app/`, whose content becomes LAMBDA_TASK_ROOT:
 * the bundled handler and, verbatim, the wrappers that user code's interpreters load. The local cloud runs the same `app/`.
 */
export const assembleRunnerImage = (root: string, bundled: string, target: string): void => {
  const source = join(root, 'functions', 'runner');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  renameSync(bundled, join(target, 'app'));
  cpSync(join(source, 'Dockerfile'), join(target, 'Dockerfile'));
  const wrappers = join(source, 'wrappers');
  if (existsSync(wrappers)) {
    cpSync(wrappers, join(target, 'app', 'wrappers'), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__'),
    });
  }
};
