import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { RunnerRequest } from '../../../shared/model/runner.ts';
import { servePackages } from '../../support/package-index.ts';
import { uvBinary } from '../../support/uv.ts';
import { PATH, runIn, testEnvironment } from './run.ts';

const environment = testEnvironment(`${dirname(uvBinary())}:${PATH}`);
const run = runIn(environment);
const python = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
  encoding: 'utf8',
}).trim();

let index: Awaited<ReturnType<typeof servePackages>>;
beforeAll(async () => {
  index = await servePackages([
    { name: 'tiny-a', version: '1.0.0' },
    { name: 'tiny-b', version: '2.0', requires: ['tiny-a<1.2'] },
    { name: 'needs-new', version: '1.0', requires: ['tiny-a==1.2.0'] },
    { name: 'slow-build', version: '0.1', source: true, build: 'import time\ntime.sleep(60)\n' },
    {
      name: 'fleeing-build',
      version: '0.1',
      source: true,
      build:
        'import subprocess as s\ns.Popen(["sleep", "60"], start_new_session=True, stdout=s.DEVNULL, stderr=s.DEVNULL)\n',
    },
    {
      name: 'nosy-build',
      version: '0.1',
      source: true,
      build:
        'import os\nraise SystemExit(",".join(sorted(name for name in os.environ if name.startswith("WM_"))) + "seen")\n',
    },
  ]);
});
afterAll(() => index.close());
afterEach(() => {
  index.mood = {};
});

type Dependencies = NonNullable<RunnerRequest['dependencies']>;
const resolve = (requirements: string[], more: Partial<Dependencies> = {}, request: Partial<RunnerRequest> = {}) =>
  run(
    'python3',
    'raise SystemExit("the code ran")',
    {},
    {
      ...request,
      dependencies: { requirements, indexes: { default: index.url, extra: [] }, ...more },
    },
  );

test('the result is the lock for the Python of the runner, and the hashes of what is in it', async () => {
  const { result, end, log } = await resolve(['tiny-b']);
  expect(end.outcome).toBe('success');
  expect(result).toEqual({
    lock: `# py: ${python}\ntiny-a==1.0.0\ntiny-b==2.0`,
    packages: [
      { name: 'tiny-a', version: '1.0.0', hashes: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)] },
      { name: 'tiny-b', version: '2.0', hashes: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)] },
    ],
  });
  expect(log).toBe('');
});

test('a script that needs nothing has an empty lock', async () => {
  expect((await resolve([])).result).toEqual({ lock: `# py: ${python}`, packages: [] });
});

test('requirements that do not fit together fail the job in words of the resolver, which the log has too', async () => {
  const { end, error, log } = await resolve(['tiny-b', 'needs-new']);
  expect(end.outcome).toBe('failure');
  expect(error.name).toBe('DependenciesError');
  expect(error.message).toContain('your requirements are unsatisfiable');
  expect(log.replaceAll(/\s+/g, ' ')).toContain('needs-new==1.0 depends on tiny-a==1.2.0');
});

test('a Python that the runner does not have is refused with the line that asks for it', async () => {
  const { error } = await resolve(['tiny-a'], { python: { specifier: '==3.2', line: 7 } });
  expect(error.message).toBe(`line 7: the script asks for Python ==3.2, but ${python} is what runs here`);
});

test('the job ends with its time, and no build goes on', async () => {
  const { end } = await resolve(['slow-build'], {}, { timeoutMs: 1_500 });
  expect(end.outcome).toBe('timeout');
});

test('what a build leaves running is killed', async () => {
  const { end, notes } = await resolve(['fleeing-build']);
  expect(end.outcome).toBe('success');
  expect(notes).toContainEqual(expect.stringMatching(/^killed \d+ process\(es\) the job had left behind$/));
});

test('a build is not told the token of its job', async () => {
  const { error } = await resolve(['nosy-build']);
  expect(error.message).toContain('seen');
  expect(error.message).not.toContain('WM_');
});

test('nothing of a job stays for the next one', async () => {
  const before = readdirSync(environment.root);
  await resolve(['tiny-a']);
  index.mood = { failures: 100 };
  const { error } = await resolve(['tiny-a']);
  expect(error.message).toContain('503 Service Unavailable');
  expect(readdirSync(environment.root).filter((name) => name.startsWith('job-'))).toEqual(
    before.filter((name) => name.startsWith('job-')),
  );
});
