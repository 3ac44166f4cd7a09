import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { memberOfDemo } from './people.ts';

let millrace: Millrace;
let ann: Client;

const limited = async (body: object): Promise<Client> =>
  new Client(millrace.url, await ann.text('POST', '/users/tokens/create', 201, body));
const status = async (who: Client, method: string, path: string, body?: unknown): Promise<number> => {
  const response = await who.request(method, path, body);
  await response.text();
  return response.status;
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
  for (const folder of ['a', 'b']) {
    await ann.text('POST', '/w/demo/folders/create', 200, { name: folder });
    await ann.script(`f/${folder}/x`, 'bash', 'echo hello');
  }
}, 60_000);

afterAll(() => millrace.stop());

describe('a webhook token', () => {
  test('runs its script by path, by hash and waiting for it, and follows it', async () => {
    const hook = await limited({ scopes: ['jobs:run:scripts:f/a/x'] });
    const id = await hook.text('POST', '/w/demo/jobs/run/p/f/a/x', 201, {});
    await millrace.completed(id);
    expect(await hook.json('GET', `/w/demo/jobs_u/completed/get_result_maybe/${id}`)).toMatchObject({ success: true });
    expect(await status(hook, 'POST', '/w/demo/jobs/run_wait_result/p/f/a/x', {})).toBe(200);
  });

  test('runs nothing else, whatever way it is asked for', async () => {
    const hook = await limited({ scopes: ['jobs:run:scripts:f/a/*'] });
    const hash = (await ann.json('GET', '/w/demo/scripts/get/p/f/b/x')).hash;
    const code = { language: 'bash', content: 'id' };
    expect(await status(hook, 'POST', '/w/demo/jobs/run/p/f/b/x', {})).toBe(403);
    expect(await status(hook, 'POST', '/w/demo/jobs/run_wait_result/p/f/b/x', {})).toBe(403);
    expect(await status(hook, 'POST', '/w/demo/jobs/run/p/f/a/%2e%2e/b/x', {})).toBeGreaterThanOrEqual(400);
    expect(await status(hook, 'POST', `/w/demo/jobs/run/h/${hash}`, {})).toBe(403);
    expect(await status(hook, 'POST', '/w/demo/jobs/run/preview', code)).toBe(403);
    expect(await status(hook, 'POST', '/w/demo/jobs/run/preview', { script_hash: hash })).toBe(403);
    expect(await status(hook, 'POST', '/w/demo/jobs/add_batch_jobs/1', { kind: 'script', path: 'f/b/x' })).toBe(403);
    expect(await status(hook, 'GET', '/w/demo/jobs/list')).toBe(403);
    expect(await status(hook, 'GET', '/w/demo/scripts/get/p/f/a/x')).toBe(403);
    expect(await status(hook, 'POST', '/users/tokens/create', {})).toBe(403);
    expect(await status(hook, 'POST', '/users/setpassword', { password: 'my own password' })).toBe(403);
  });
});

describe('logging in', () => {
  test('sets a cookie that no script of a page reads and no other site uses', async () => {
    const body = { email: 'ann@x.io', password: 'the password of ann@x.io' };
    const response = await millrace.request('POST', '/auth/login', body);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^token=\S+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=259200/);
    const token = await response.text();
    const asked = (more: Record<string, string>) =>
      fetch(`${millrace.url}/api/users/whoami`, { headers: { cookie: `token=${token}`, ...more } });
    expect((await asked({})).status).toBe(200);
    expect((await asked({ 'sec-fetch-site': 'cross-site' })).status).toBe(401);
  });

  test('fails in the same words for a wrong password and an unknown user, and is limited', async () => {
    const tell = async (email: string) => {
      const response = await millrace.request('POST', '/auth/login', { email, password: 'wrong' });
      return `${response.status} ${await response.text()}`;
    };
    const known = await tell('ann@x.io');
    expect(known).toBe('400 Invalid login');
    expect(await tell('nobody@x.io')).toBe(known);
    const tries = await Promise.all(Array.from({ length: 12 }, () => tell('mallory@x.io')));
    expect(tries.filter((told) => told.startsWith('429')).length).toBeGreaterThanOrEqual(2);
  });

  test('logging out ends the session', async () => {
    const token = await millrace.text('POST', '/auth/login', 200, {
      email: 'ann@x.io',
      password: 'the password of ann@x.io',
    });
    const session = new Client(millrace.url, token);
    expect(await status(session, 'POST', '/auth/logout')).toBe(200);
    // Each environment that answers has a memory of its own, at most 5 s old: the session is over when all say so.
    const gone = () => Promise.all(Array.from({ length: 4 }, () => status(session, 'GET', '/users/whoami')));
    const until = Date.now() + 7_000;
    while ((await gone()).some((code) => code !== 401) && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await gone()).toEqual([401, 401, 401, 401]);
  });
});
