import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Millrace } from './millrace.ts';

const CLI = join(import.meta.dirname, '../../node_modules/windmill-cli/esm/main.js');

let millrace: Millrace;
let folder: string;

/** Windmill's own CLI, unchanged, as the admin. */
const wmill = async (...args: string[]): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [CLI, ...args, '--workspace', 'demo', '--base-url', `${millrace.url}/`, '--token', millrace.token],
    { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1' } },
  );
  return stdout + stderr;
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  folder = join(millrace.home, 'cli');
  await mkdir(folder);
}, 60_000);
afterAll(() => millrace.stop());

test("Windmill's CLI adds a variable, pushes variables and resources, and pushes them again", {
  timeout: 60_000,
}, async () => {
  const value = (path: string) => millrace.json('GET', `/w/demo/variables/get_value/${path}`);
  await wmill('variable', 'add', 'a secret of the CLI', 'u/admin/added');
  expect(await value('u/admin/added')).toBe('a secret of the CLI');
  const file = join(folder, 'pushed.variable.yaml');
  const yaml = (text: string) => `value: ${text}\nis_secret: true\ndescription: pushed\n`;
  await writeFile(file, yaml('first'));
  await wmill('variable', 'push', file, 'u/admin/pushed', '--plain-secrets');
  expect(await value('u/admin/pushed')).toBe('first');
  const { value: sealed } = await millrace.json(
    'GET',
    '/w/demo/variables/get/u/admin/pushed?decrypt_secret=false&include_encrypted=true',
  );
  await writeFile(file, yaml(sealed).replace('pushed', 'again'));
  await wmill('variable', 'push', file, 'u/admin/pushed');
  expect(await millrace.json('GET', '/w/demo/variables/get/u/admin/pushed')).toMatchObject({
    value: 'first',
    description: 'again',
  });
  const resource = join(folder, 'db.resource.yaml');
  await writeFile(resource, "value:\n  password: '$var:u/admin/pushed'\nresource_type: postgresql\ndescription: ''\n");
  await wmill('resource', 'push', resource, 'u/admin/db');
  expect(await millrace.json('GET', '/w/demo/resources/get_value_interpolated/u/admin/db')).toEqual({
    password: 'first',
  });
  await wmill('resource', 'push', resource, 'u/admin/db');
});

test("Windmill's TypeScript client sets and gets variables, resources and state", async () => {
  Object.assign(process.env, {
    BASE_INTERNAL_URL: millrace.url,
    WM_TOKEN: millrace.token,
    WM_WORKSPACE: 'demo',
    WM_STATE_PATH: 'u/admin/tmp_state',
    WM_STATE_PATH_NEW: 'u/admin/tmp_state',
  });
  const client = await import('windmill-client');
  await client.setVariable('u/admin/ts', 'one');
  await client.setVariable('u/admin/ts', 'two');
  expect(await client.getVariable('u/admin/ts')).toBe('two');
  await client.setResource({ key: '$var:u/admin/ts' }, 'u/admin/tsres', 'c_any');
  expect(await client.getResource('u/admin/tsres')).toEqual({ key: 'two' });
  expect(await client.getState()).toBeUndefined();
  await client.setState({ last: 1 });
  await client.setState({ last: 2 });
  expect(await client.getState()).toEqual({ last: 2 });
});
