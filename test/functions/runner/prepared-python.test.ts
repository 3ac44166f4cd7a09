import { dirname } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { preparedLaunch } from '../../../functions/runner/prepared-launch.ts';
import { spawnLaunch } from '../../../functions/runner/spawn-launch.ts';
import { servePackages } from '../../support/package-index.ts';
import { uvBinary } from '../../support/uv.ts';
import { pythonFacts } from './python-facts.ts';
import { isAlive, PATH, runIn, testEnvironment, WRAPPERS } from './run.ts';

const environment = testEnvironment(`${dirname(uvBinary())}:${PATH}`);
const python = preparedLaunch(spawnLaunch, { path: PATH, wrappers: WRAPPERS });
afterAll(python.close);
const bare = runIn(environment, python.launch);
const WHO = 'import os, sys\ndef main(): return [os.getppid(), "traceback" in sys.modules]';

const prepared = async (): Promise<void> => {
  if (!python.isPrepared()) await bare('python3', 'def main(): pass');
  await expect.poll(python.isPrepared, { timeout: 5000, interval: 10 }).toBe(true);
};

const run: ReturnType<typeof runIn> = async (...job) => {
  await prepared();
  return bare(...job);
};

describe('Python, forked from a prepared interpreter', () => {
  pythonFacts(run);
});

test('jobs are forks of one interpreter, and share nothing they changed', async () => {
  const first = await run('python3', `${WHO}\nimport json, os\njson.mark = 1\nos.environ["LEFT"] = "x"\nos.chdir("/")`);
  const second = await run(
    'python3',
    'import json, os\ndef main(): return [hasattr(json, "mark"), "LEFT" in os.environ, os.getppid()]',
  );
  expect(first.result).toEqual([expect.any(Number), true]);
  expect(second.result).toEqual([false, false, (first.result as number[])[0]]);
});

test('random numbers differ from job to job', async () => {
  const code = 'import random, uuid\ndef main(): return [random.random(), str(uuid.uuid4())]';
  const [a, b] = [await run('python3', code), await run('python3', code)];
  expect(a.result).not.toEqual(b.result);
});

test('variables that Python reads at its start are there at its start', async () => {
  const code = 'import sys\ndef main(): return sys.flags.optimize';
  expect((await run('python3', code, {}, { env: { PYTHONOPTIMIZE: '1' } })).result).toBe(1);
});

test('an interpreter that a job killed costs that job nothing but its exit code, and is replaced', async () => {
  const code =
    'import os, signal, time\ndef main():\n  os.kill(os.getppid(), signal.SIGKILL)\n  time.sleep(0.1)\n  return "still here"';
  expect((await run('python3', code)).result).toBe('still here');
  const { result } = await bare('python3', WHO);
  expect((result as unknown[])[1]).toBe(false);
  expect((await run('python3', WHO)).result).toEqual([expect.any(Number), true]);
});

test('an interpreter that does not answer is given up, and the job runs once', async () => {
  const { result } = await run('python3', WHO);
  const server = Number((result as number[])[0]);
  process.kill(server, 'SIGSTOP');
  const { log, end } = await bare('python3', 'def main(): print("ran")');
  expect([log, end.outcome]).toEqual(['ran\n', 'success']);
  expect(isAlive(server)).toBe(false);
});

test('after leftovers or a kill the next job gets a fresh interpreter', async () => {
  const before = (await run('python3', WHO)).result as number[];
  await run('python3', 'import time\ndef main(): time.sleep(60)', {}, { timeoutMs: 100 });
  await expect.poll(() => isAlive(Number(before[0])), { interval: 5 }).toBe(false);
  expect((await run('python3', WHO)).result).not.toEqual(before);
});

test('packages of one job are forked too, stand behind the standard library, and are not those of the next job', async () => {
  const index = await servePackages([
    {
      name: 'tiny-a',
      version: '1.0.0',
      files: { 'tiny_a.py': 'version = 1', 'colorsys.py': 'raise SystemExit("mine")' },
    },
  ]);
  const packages = {
    key: 'a'.repeat(64),
    list: [{ name: 'tiny-a', version: '1.0.0', hashes: [] }],
    indexes: { default: index.url, extra: [] },
  };
  const code = `import os, subprocess, sys, colorsys
try: import tiny_a
except ImportError: tiny_a = None
def main():
    seen = subprocess.run([sys.executable, "-c", "import tiny_a"], capture_output=True).returncode == 0
    return [os.getppid(), tiny_a is not None, seen, "PYTHONPATH" in os.environ]`;
  const withPackages = await run('python3', code, {}, { packages });
  const without = await run('python3', code);
  await index.close();
  const server = (withPackages.result as unknown[])[0];
  expect(withPackages.result).toEqual([server, true, true, true]);
  expect(without.result).toEqual([server, false, false, false]);
});

test('two jobs at once both run, one of them plainly', async () => {
  await prepared();
  const code = `${WHO}\nimport time; time.sleep(0.1)`;
  const both = await Promise.all([bare('python3', code), bare('python3', code)]);
  expect(both.map(({ end }) => end.outcome)).toEqual(['success', 'success']);
  expect(both.map(({ result }) => (result as boolean[])[1]).toSorted()).toEqual([false, true]);
});
