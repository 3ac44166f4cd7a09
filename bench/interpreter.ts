import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { interpreterFinder } from '../functions/runner/interpreters.ts';
import { imagePath } from '../local/image-path.ts';

/** A bare no-op to measure against: the executable itself (never a shim) and a file for it. */
export type BareJob = { name: 'python3' | 'bash'; file: string; script: string };

/** The no-op as a script of Millrace. */
export const NOOP: Record<'python3' | 'bash', string> = {
  python3: 'def main():\n    pass\n',
  bash: ':\n',
};

/** Finds the executables the runner would use, on the same PATH, with a bare no-op for each. */
export const bareJobs = async (): Promise<Record<'python3' | 'bash', BareJob>> => {
  // biome-ignore lint/style/noProcessEnv: a bench is run by hand, with the PATH of its user
  const find = interpreterFinder(imagePath(resolve(import.meta.dirname, '..'), process.env.PATH ?? ''));
  const script = (name: string): string => join(import.meta.dirname, 'bare', name);
  return {
    python3: { name: 'python3', file: await find('python3'), script: script('noop.py') },
    bash: { name: 'bash', file: await find('bash'), script: script('noop.sh') },
  };
};

/** Runs the bare job once; milliseconds from spawn to exit. */
export const spawnOnce = ({ file, script }: BareJob): Promise<number> => {
  const from = performance.now();
  return new Promise((done, reject) => {
    const child = spawn(file, [script], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? done(performance.now() - from) : reject(new Error(`${file}: ${code}`))));
  });
};

/** Runs the bare job `count` times, `concurrency` at once; runs per second. */
export const spawnLoop = async (job: BareJob, count: number, concurrency: number): Promise<number> => {
  const from = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await spawnOnce(job);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (count * 1000) / (performance.now() - from);
};
