import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const known = new Map<string, string>();

/** Which Python a program is: `3.13`. Asked once in an environment. */
export const pythonVersion = async (python: string): Promise<string> => {
  const version = known.get(python) ?? (await ask(python));
  known.set(python, version);
  return version;
};

const ask = async (python: string): Promise<string> => {
  const { stdout } = await run(python, ['-I', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { env: {} });
  return stdout.trim();
};
