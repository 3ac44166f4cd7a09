import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, PATH, requestFor, runIn, testEnvironment, WRAPPERS } from './run.ts';

const environment = testEnvironment();
const run = runIn(environment);
const poor = runIn(testEnvironment('/usr/bin/nowhere:/bin'));

const serve = async (answer: (url: string, authorization: string | undefined) => [number, string]) => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const [status, body] = answer(request.url ?? '', request.headers.authorization);
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked };
};

const LONG = 'sleep 60 & echo $!; wait';

test('the control poll stops the job and everything it started', async () => {
  const { url, asked } = await serve(() => [200, asked.length < 2 ? '{"action":"continue"}' : '{"action":"stop"}']);
  const { end, log, result } = await run('bash', LONG, {}, { control: { url: `${url}/c`, token: 'abc' } });
  expect(end.outcome).toBe('stopped');
  expect(result).toBeUndefined();
  expect(asked).toEqual(['Bearer abc', 'Bearer abc']);
  expect(isAlive(Number(log))).toBe(false);
});

test.each([401, 404, 410])('an attempt that is not valid any more (%d) is stopped', async (status) => {
  const { url } = await serve(() => [status, '']);
  expect((await run('bash', LONG, {}, { control: { url, token: 't' } })).end.outcome).toBe('stopped');
});

test('a control poll that fails or says nonsense is asked again, and the job goes on', async () => {
  const { url, asked } = await serve(() => [asked.length === 1 ? 500 : 200, 'nonsense']);
  const { result } = await run('bash', 'sleep 0.5; echo done', {}, { control: { url, token: 't' } });
  expect(result).toBe('done');
  expect(asked.length).toBeGreaterThan(2);
  expect(
    (await run('bash', 'sleep 0.2; echo on', {}, { control: { url: 'http://127.0.0.1:9', token: 't' } })).result,
  ).toBe('on');
});

test('large arguments come by a link; a dead link fails the job with its reason', async () => {
  const { url } = await serve((path) => (path === '/args' ? [200, '{"name":"x"}'] : [403, '']));
  const code = 'def main(name): return name';
  expect((await run('python3', code, {}, { args: { url: `${url}/args` } })).result).toBe('x');
  expect((await run('python3', code, {}, { args: { url: `${url}/gone` } })).error.message).toContain('HTTP 403');
});

test('a missing interpreter is named with how to mend it, and the next job runs', async () => {
  const { error, end } = await poor('bun', 'export function main() {}');
  expect(end.outcome).toBe('failure');
  expect(error.name).toBe('InterpreterMissing');
  expect(error.message).toMatch(/^bun was not found on PATH .*npm install bun/);
  expect((await poor('bash', 'echo on')).result).toBe('on');
});

test('jobs leave no core files', async () => {
  await expect.poll(async () => (await run('bash', 'ulimit -c')).result, { timeout: 2000 }).toBe('0');
});

test('the folder of a job is gone when it ends, after success, failure, timeout and locked folders', async () => {
  const code = 'mkdir -p deep/er; touch deep/er/file; chmod 000 deep; pwd';
  const { result } = await run('bash', code);
  expect(existsSync(String(result))).toBe(false);
  await run('bash', 'exit 1');
  await run('bash', 'sleep 60', {}, { timeoutMs: 100 });
  expect(readdirSync(environment.root).filter((name) => name.startsWith('job-'))).toEqual([]);
});

test('a time limit ends a job that ignores signals', async () => {
  const { end, log } = await run(
    'bash',
    'trap "" TERM INT HUP; echo on; while :; do sleep 1; done',
    {},
    { timeoutMs: 300 },
  );
  expect(end.outcome).toBe('timeout');
  expect(log).toContain('on');
  expect(end.durationMs).toBeLessThan(1500);
});

test('a job that closes its output early, or whose folder vanishes, still tells its outcome', async () => {
  expect((await run('bash', 'exec >&- 2>&-; sleep 0.2; exit 7')).error).toMatchObject({ exit_code: 7 });
  expect((await run('bash', 'rm -rf "$HOME"; exit 0')).end.outcome).toBe('success');
});

test('jobs die with the runner, even when it is killed outright', async () => {
  const tmp = mkdtempSync(join(tmpdir(), 'runner-test-'));
  onTestFinished(() => rmSync(tmp, { recursive: true, force: true }));
  const source = (name: string) => JSON.stringify(join(import.meta.dirname, '../../../functions/runner', name));
  const program = `
    import { createEnvironment } from ${source('environment.ts')};
    import { runJob } from ${source('run-job.ts')};
    import { spawnLaunch } from ${source('spawn-launch.ts')};
    const environment = createEnvironment(${JSON.stringify({ path: PATH, tmp, wrappers: WRAPPERS, node: process.execPath })});
    await runJob(${JSON.stringify(requestFor('bash', LONG))}, {
      emit: async (frame) => process.stdout.write(JSON.stringify(frame)),
      now: Date.now, environment, launch: spawnLaunch, control: { firstMs: 3000, everyMs: 3000 },
    });`;
  const runner = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await once(runner.stdout, 'data');
  const pid = Number(/"text":"(\d+)/.exec(String(first))?.[1]);
  expect(isAlive(pid)).toBe(true);
  runner.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 2000, interval: 20 }).toBe(false);
});
