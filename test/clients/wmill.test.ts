import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as windmill from 'windmill-client';
import { Millrace } from '../system/millrace.ts';
import { Wmill } from './wmill.ts';

let millrace: Millrace;
let folder: string;
let wmill: Wmill;

const HELLO = 'def main(name: str):\n    print("greeting", name)\n    return {"hello": name}\n';
const FILES = {
  'wmill.yaml': 'defaultTs: bun\n',
  'f/demo/hello.py': HELLO,
  'f/demo/hello.script.yaml': [
    'summary: Hello',
    "description: ''",
    "lock: ''",
    'kind: script',
    'schema: {type: object, properties: {name: {type: string}}, required: [name]}',
    '',
  ].join('\n'),
  'f/other/folder.meta.yaml': 'summary: Other\ndisplay_name: Other\nowners: [u/admin]\nextra_perms: {}\n',
  'f/demo/color.variable.yaml': 'value: blue\nis_secret: false\ndescription: A color\n',
  'f/demo/paint.resource.yaml': 'resource_type: object\ndescription: Paint\nvalue: {litres: 3}\n',
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  await millrace.text('POST', '/w/demo/folders/create', 200, { name: 'demo' });
  folder = mkdtempSync(join(tmpdir(), 'millrace-wmill-'));
  for (const name of ['f/demo', 'f/other']) mkdirSync(join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  wmill = new Wmill(folder);
  await wmill.run('workspace', 'add', 'demo', 'demo', millrace.url, '--token', millrace.token);
}, 60_000);

afterAll(async () => {
  await millrace.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("Windmill's command line", () => {
  test('knows its workspace, and makes a token that is good', async () => {
    expect(await wmill.run('workspace', 'list')).toContain(millrace.url);
    const token = /Token: (\S+)/.exec(await wmill.run('user', 'create-token'))?.[1] ?? '';
    const me = await millrace.request('GET', '/users/whoami', undefined, { authorization: `Bearer ${token}` });
    expect(await me.json()).toMatchObject({ super_admin: true });
  });

  test('says which version answers, though it cannot ask for the newest of its own', async () => {
    expect(await wmill.run('--version')).toContain('Backend Version: Millrace');
  });

  test('deploys a script, reads it back, runs it and follows its log', { timeout: 40_000 }, async () => {
    expect(await wmill.run('script', 'push', 'f/demo/hello.py')).toContain('Script f/demo/hello.py pushed');
    expect(await wmill.run('script', 'get', 'f/demo/hello')).toContain('Language: python3');
    const ran = await wmill.run('script', 'run', 'f/demo/hello', '-d', '{"name":"cli"}');
    expect(ran).toContain('greeting cli');
    expect(ran).toContain('"hello": "cli"');
    expect(await wmill.run('script', 'preview', 'f/demo/hello.py', '-d', '{"name":"now"}')).toContain('"hello": "now"');
    await expect(wmill.run('script', 'run', 'f/demo/nothing')).rejects.toThrow(/not found/);
  });

  test('lists jobs, shows one with its log and result, and cancels one', async () => {
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/hello', 201, { name: 'listed' });
    await millrace.completed(id);
    const listed: { id: string }[] = JSON.parse(await wmill.run('job', 'list', '--json'));
    expect(listed.map((job) => job.id)).toContain(id);
    expect(await wmill.run('job', 'get', id)).toContain('Status: success');
    expect(await wmill.run('job', 'logs', id)).toContain('greeting listed');
    expect(JSON.parse(await wmill.run('job', 'result', id))).toEqual({ hello: 'listed' });
    const later = '/w/demo/jobs/run/p/f/demo/hello?scheduled_in_secs=3600';
    const waiting = await millrace.text('POST', later, 201, { name: 'never' });
    await wmill.run('job', 'cancel', waiting);
    expect(await millrace.completed(waiting)).toMatchObject({ canceled: true });
  });

  test('makes folders, variables and resources', async () => {
    await wmill.run('folder', 'push', 'other');
    expect(await wmill.run('folder', 'list')).toContain('other');
    await wmill.run('variable', 'push', 'f/demo/color.variable.yaml', 'f/demo/color');
    await wmill.run('variable', 'add', 'a secret', 'f/demo/secret');
    const variables = await wmill.run('variable', 'list');
    expect(variables).toContain('f/demo/color');
    expect(variables).toContain('f/demo/secret');
    expect(variables).not.toContain('a secret');
    await wmill.run('resource', 'push', 'f/demo/paint.resource.yaml', 'f/demo/paint');
    expect(await millrace.json('GET', '/w/demo/resources/get_value/f/demo/paint')).toEqual({ litres: 3 });
  });

  test('shows worker groups, workers and queues', { timeout: 30_000 }, async () => {
    const body = { language: 'bash', content: 'sleep 8' };
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, body);
    const unserved = await millrace.text('POST', '/w/demo/jobs/run/preview?tag=gpu', 201, body);
    expect(await wmill.run('queues', 'demo')).toMatch(/gpu +0 +1 +0/);
    expect(await wmill.run('queues')).toMatch(/bash +1 +0 +0/);
    for (let looks = 0; looks < 60; looks += 1) {
      if ((await millrace.json('GET', '/workers/list')).length > 0) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const workers = await wmill.run('workers');
    expect(workers).toContain('Worker Group: default (1 workers)');
    expect(workers).toContain(`wk-default-`);
    await wmill.run('instance', 'add', 'here', millrace.url, millrace.token);
    expect(await wmill.run('worker-groups')).toContain('"worker_tags"');
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${unserved}`, 200, {});
    await millrace.text('POST', `/w/demo/jobs_u/queue/cancel/${id}`, 200, {});
  });

  test('reads the audit log', async () => {
    const lines: { operation: string }[] = JSON.parse(await wmill.run('audit', 'list', '--json'));
    expect(lines.map((line) => line.operation)).toContain('scripts.create');
  });
});

describe("Windmill's client for TypeScript", () => {
  beforeAll(() => {
    Object.assign(process.env, {
      WM_TOKEN: millrace.token,
      WM_WORKSPACE: 'demo',
      BASE_INTERNAL_URL: millrace.url,
      WM_STATE_PATH: 'f/demo/state',
      WM_STATE_PATH_NEW: 'f/demo/state',
    });
    windmill.setClient(millrace.token, millrace.url);
  });

  test('reads and changes variables and resources', async () => {
    await windmill.setVariable('f/demo/word', 'first');
    await windmill.setVariable('f/demo/word', 'second');
    expect(await windmill.getVariable('f/demo/word')).toBe('second');
    await windmill.setResource({ size: 1 }, 'f/demo/thing', 'object');
    expect(await windmill.getResource('f/demo/thing')).toEqual({ size: 1 });
  });

  test('keeps a state', async () => {
    expect(await windmill.getState()).toBeUndefined();
    await windmill.setState({ seen: 3 });
    expect(await windmill.getState()).toEqual({ seen: 3 });
  });

  test('runs a script and follows what it streams', async () => {
    const lines: string[] = [];
    const say = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line));
    windmill.appendToResultStream('one\ntwo');
    say.mockRestore();
    await millrace.script('f/demo/streams', 'bash', `echo '${lines.join('')}'`);
    const script = { workspace: 'demo', path: 'f/demo/streams' };
    const events = await windmill.JobService.runAndStreamScriptByPath({ ...script, requestBody: {} });
    const told = String(events)
      .split('\n\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text.replace(/^data: /, '')));
    expect(told.map((event) => event.new_result_stream ?? '').join('')).toBe('one\ntwo');
    expect(told.at(-1)).toMatchObject({ completed: true, only_result: 'one\ntwo' });
    const id = await windmill.runScriptByPathAsync('f/demo/streams', {});
    await millrace.completed(id);
    const update = await windmill.JobService.getJobUpdates({ workspace: 'demo', id, streamOffset: 4 });
    expect(update).toMatchObject({ completed: true, new_result_stream: 'two', stream_offset: 7 });
  });

  test('runs a script and waits for its result', async () => {
    expect(await windmill.runScriptByPath('f/demo/hello', { name: 'client' })).toEqual({ hello: 'client' });
  });

  test('tells from within a script how far it is', { timeout: 40_000 }, async () => {
    const dist = join(millrace.shared, 'client');
    cpSync(join(import.meta.dirname, '../../node_modules/windmill-client/dist'), dist, { recursive: true });
    const content = [
      `import { getProgress, setProgress } from '${dist}/index.mjs';`,
      'export async function main() {',
      '  const seen = [await getProgress()];',
      '  for (const percent of [25.5, 10, 500]) {',
      '    await setProgress(percent);',
      '    seen.push(await getProgress());',
      '  }',
      '  return seen;',
      '}',
    ].join('\n');
    const id = await millrace.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'bun', content });
    expect(await millrace.completed(id, 30_000)).toMatchObject({ result: [null, 25, 25, 99] });
    expect(await windmill.getProgress(id)).toBe(99);
    await expect(windmill.setProgress(99, id)).rejects.toThrow('Bad Request');
  });
});
