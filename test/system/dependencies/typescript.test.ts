import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveNpm } from '../../support/npm-registry.ts';
import { Millrace } from '../millrace.ts';

const TOKEN = 'token-of-the-registry';
let registry: Awaited<ReturnType<typeof serveNpm>>;
let millrace: Millrace;

beforeAll(async () => {
  registry = await serveNpm([
    { name: 'left', version: '1.0.0' },
    { name: 'left', version: '2.0.0' },
    { name: '@s/right', version: '1.5.0', dependencies: { left: '^1' }, bin: { right: 'index.js' } },
  ]);
  registry.mood = { token: TOKEN };
  millrace = await Millrace.start();
  await millrace.workspace();
  const value = `${registry.url}:_authToken=${TOKEN}`;
  await millrace.text('POST', '/settings/global/npm_config_registry', 200, { value });
}, 60_000);
afterAll(async () => {
  await millrace.stop();
  await registry.close();
});

const status = (hash: string) => millrace.json('GET', `/w/demo/scripts/deployment_status/h/${hash}`);
const log = (id: string) => millrace.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
const runByHash = async (hash: string) =>
  millrace.completed(await millrace.text('POST', `/w/demo/jobs/run/h/${hash}`, 201, {}));
/** Takes all archives out of their bucket. */
const lose = async () => {
  const index = new DatabaseSync(join(millrace.home, 's3/index.db'), { readOnly: true });
  const rows = index.prepare("SELECT bucket, key FROM objects WHERE key LIKE 'packages/%'").all();
  index.close();
  expect(rows.length).toBeGreaterThan(0);
  for (const { bucket, key } of rows)
    await millrace.cloud.services.s3.answer({
      service: 's3',
      method: 'DELETE',
      path: `/${bucket}/${key}`,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(0),
    });
};
const preview = async (content: string) =>
  millrace.completed(
    await millrace.text('POST', '/w/demo/jobs/run/preview', 201, { content, language: 'bun', args: {} }),
  );

it('a saved script gets its lock from a dependencies job, with what the scripts need that it imports, and runs by it', async () => {
  await millrace.script('f/d/lib', 'bun', 'import { version } from "left@1"\nexport const left = () => version');
  const code =
    'import { left } from "./lib"\nimport "@s/right@^1"\nexport const main = async () => [left(), (await import("left")).version]';
  const hash = await millrace.script('f/d/uses', 'bun', code);
  const run = runByHash(hash);
  const { job_id } = await status(hash);
  const job = await millrace.completed(job_id);
  expect(job).toMatchObject({ job_kind: 'dependencies', success: true, script_path: 'f/d/uses', tag: 'dependency' });
  const { lock, lock_error_logs } = await status(hash);
  const [manifest, chosen] = lock.split('\n//bun.lock\n');
  expect(JSON.parse(manifest)).toEqual({ dependencies: { '@s/right': '^1', left: '1' } });
  expect(chosen).toContain('"left@1.0.0"');
  expect(lock_error_logs).toBeNull();
  const ran = await run;
  expect(ran.result).toEqual(['1.0.0', '1.0.0']);
  expect(await log(job_id)).toMatch(/packages: an archive of \d+ bytes, in \d+ ms/);
  expect(await log(ran.id)).toMatch(/packages: 0 kept from before, 1 fetched \(\d+ bytes\) in \d+ ms/);
});

it('the archive of a lock stands for the registry, and is made anew from the lock when it was lost', async () => {
  const code = 'import { version } from "left"\nexport const main = () => version';
  const hash = await millrace.script('f/d/archived', 'bun', code, { isolation: 'script' });
  await millrace.completed((await status(hash)).job_id);
  const { lock } = await status(hash);
  registry.asked.length = 0;
  expect((await runByHash(hash)).result).toBe('2.0.0');
  expect(registry.asked).toEqual([]);
  const again = await millrace.script('f/d/archived', 'bun', `${code}\n`, { isolation: 'script', auto_parent: true });
  await millrace.completed((await status(again)).job_id);
  await lose();
  expect((await runByHash(again)).result).toBe('2.0.0');
  expect((await status(again)).lock).toBe(lock);
  expect(registry.asked).toContain('/left/-/left-2.0.0.tgz');
}, 30_000);

it('a lock that came with a script is used as it is, and needs no job', async () => {
  const { hash: lib } = await millrace.json('GET', '/w/demo/scripts/get/p/f/d/lib');
  const { lock } = await status(lib);
  expect(lock).toContain('left@1.0.0');
  const content = 'import { version } from "left"\nexport const main = () => version';
  const hash = await millrace.text('POST', '/w/demo/scripts/create', 201, {
    ...{ path: 'f/d/pushed', summary: '', description: '', content, language: 'bun' },
    lock,
  });
  expect(await status(hash)).toEqual({ lock, lock_error_logs: null });
  expect((await runByHash(hash)).result).toBe('1.0.0');
});

it('a preview gets the newest packages on its way', async () => {
  const found = await preview('import { version } from "left@>1"\nexport const main = () => version');
  expect(found.result).toBe('2.0.0');
  registry.asked.length = 0;
  const again = await preview('import { version } from "left@>1"\nexport const main = () => [version]');
  expect(again.result).toEqual(['2.0.0']);
  expect(registry.asked).not.toContain('/left');
});

it('code that is not saved gets its lock on request', async () => {
  const raw = (raw_code: string) => ({ raw_scripts: [{ raw_code, language: 'bun', script_path: 'f/d/raw' }] });
  const { lock } = await millrace.json('POST', '/w/demo/jobs/run/dependencies', raw('import "left@1"; import "./lib"'));
  expect(lock).toMatch(/"left": "1"\n.*\n\/\/bun\.lock\n.*"left@1\.0\.0"/s);
  const plain = await millrace.json('POST', '/w/demo/jobs/run/dependencies', raw('import "fs"'));
  expect(plain.lock).toBe('{\n  "dependencies": {}\n}\n//bun.lock\n<empty>');
});

it('a script that imports no package waits for nothing and has no job', async () => {
  const hash = await millrace.script('f/d/plain', 'bun', 'import "node:fs"\nexport const main = () => 1');
  expect(await status(hash)).toEqual({ lock: '', lock_error_logs: null });
  const ran = await runByHash(hash);
  expect(ran.result).toBe(1);
  expect(await log(ran.id)).not.toContain('npm');
});

it('what cannot be found is told by the deployment, the log of the job and the run', async () => {
  const hash = await millrace.script('f/d/gone', 'bun', 'import "nowhere"\nexport const main = () => 1');
  const { job_id } = await status(hash);
  await millrace.completed(job_id);
  expect((await status(hash)).lock_error_logs).toContain('nowhere@latest failed to resolve');
  expect(await log(job_id)).toContain('nowhere - 404');
  const ran = await runByHash(hash);
  expect(ran.success).toBe(false);
  expect(ran.result.error.message).toContain(`see its dependencies job ${job_id}`);
  const unreadable = await millrace.script('f/d/odd', 'bun', '\nimport "left@1..2"\nexport const main = () => 1');
  await millrace.completed((await status(unreadable)).job_id);
  expect((await status(unreadable)).lock_error_logs).toContain('line 2: `left@1..2`: `1..2` is not a version');
});
