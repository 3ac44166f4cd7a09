import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { eventually, memberOfDemo, person } from './people.ts';

/** Asks the API, as the job itself, who it is and for the code of a script. */
const SHARED = `
import os, json, urllib.request, urllib.error
def get(path):
    request = urllib.request.Request(os.environ["BASE_INTERNAL_URL"] + "/api/w/demo/" + path)
    request.add_header("Authorization", "Bearer " + os.environ["WM_TOKEN"])
    try:
        return urllib.request.urlopen(request).read().decode()
    except urllib.error.HTTPError as error:
        return error.code
def main(script: str):
    me = json.loads(get("users/whoami"))
    return {"as": os.environ["WM_PERMISSIONED_AS"], "me": me["username"], "groups": me["groups"], "code": get("scripts/raw/p/" + script)}
`;

let millrace: Millrace;
let ann: Client;
let bob: Client;
let eve: Client;
let operator: Client;

const result = async (who: Client, path: string, args: object = {}) =>
  who.json('POST', `/w/demo/jobs/run_wait_result/p/${path}`, args);
const status = async (who: Client, method: string, path: string, body?: unknown): Promise<number> => {
  const response = await who.request(method, path, body);
  await response.text();
  return response.status;
};

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
  operator = await memberOfDemo(millrace, 'oliver@x.io', { operator: true });
  eve = await person(millrace, 'eve@x.io');
  await ann.text('POST', '/w/demo/groups/create', 200, { name: 'ops' });
  await ann.text('POST', '/w/demo/folders/create', 200, { name: 'shared', extra_perms: { 'g/all': false } });
  await ann.text('POST', '/w/demo/folders/create', 200, { name: 'ours', extra_perms: { 'g/ops': true } });
  await ann.script('f/shared/ask', 'python3', SHARED);
  await ann.script('f/ours/secret', 'bash', 'echo ours');
  await bob.script('u/bob/diary', 'bash', 'echo private');
}, 60_000);

afterAll(() => millrace.stop());

describe('one script, shared by a folder', () => {
  test('runs as whoever launches it, who is allowed different things', async () => {
    expect(await result(ann, 'f/shared/ask', { script: 'u/bob/diary' })).toEqual({
      as: 'u/ann',
      me: 'ann',
      groups: ['all', 'ops'],
      code: 403,
    });
    expect(await result(bob, 'f/shared/ask', { script: 'u/bob/diary' })).toEqual({
      as: 'u/bob',
      me: 'bob',
      groups: ['all'],
      code: 'echo private',
    });
    expect(await result(bob, 'f/shared/ask', { script: 'f/ours/secret' })).toMatchObject({ code: 403 });
  });

  test('runs as a group for its members, with the rights of the group alone', async () => {
    const asOps = 'f/shared/ask?permissioned_as=g/ops';
    expect(await result(ann, asOps, { script: 'f/ours/secret' })).toEqual({
      as: 'g/ops',
      me: 'group-ops',
      groups: ['ops'],
      code: 'echo ours',
    });
    for (const as of ['g/ops', 'u/ann', 'g/all', 'admin@millrace.dev', 'g/gone'])
      expect(await status(bob, 'POST', `/w/demo/jobs/run/p/f/shared/ask?permissioned_as=${as}`, {})).toBe(403);
    expect(await status(millrace, 'POST', '/w/demo/jobs/run/p/f/shared/ask?permissioned_as=g/ops', {})).toBe(403);
  });

  test('runs on behalf of its deployer when he says so, and tells who launched it', async () => {
    await ann.script('f/shared/for_ann', 'python3', SHARED, { on_behalf_of_email: 'ann@x.io' });
    const id = await bob.text('POST', '/w/demo/jobs/run/p/f/shared/for_ann', 201, { script: 'f/ours/secret' });
    const job = await millrace.completed(id);
    expect(job).toMatchObject({ created_by: 'bob', permissioned_as: 'u/ann' });
    expect(job.result).toMatchObject({ as: 'u/ann', code: 'echo ours' });
    const forged = { path: 'u/bob/forged', language: 'bash', content: 'id', on_behalf_of_email: 'ann@x.io' };
    expect(await status(bob, 'POST', '/w/demo/scripts/create', forged)).toBe(403);
  });

  test('is changed by whoever may write in its folder, and by nobody else', async () => {
    const change = { path: 'f/shared/ask', language: 'bash', content: 'echo changed', auto_parent: true };
    expect(await status(bob, 'POST', '/w/demo/scripts/create', change)).toBe(403);
    expect(await status(bob, 'POST', '/w/demo/scripts/archive/p/f/shared/ask')).toBe(403);
    expect(await status(bob, 'POST', '/w/demo/folders/update/shared', { extra_perms: { 'u/bob': true } })).toBe(403);
    expect(await status(bob, 'POST', '/w/demo/groups/adduser/ops', { username: 'bob' })).toBe(403);
    expect(await status(eve, 'GET', '/w/demo/scripts/list')).toBe(403);
    expect(await bob.json('GET', '/w/demo/scripts/list_paths')).not.toContain('f/ours/secret');
  });

  test('a grant on one script lets in whom it names, until it is taken back, over new versions too', async () => {
    await ann.script('u/ann/tool', 'bash', 'echo one');
    const read = () => bob.request('GET', '/w/demo/scripts/get/p/u/ann/tool');
    expect(await status(bob, 'POST', '/w/demo/jobs/run/p/u/ann/tool', {})).toBe(403);
    expect(await status(bob, 'POST', '/w/demo/acls/add/script/u/ann/tool', { owner: 'u/bob' })).toBe(403);
    await ann.text('POST', '/w/demo/acls/add/script/u/ann/tool', 200, { owner: 'u/bob' });
    await ann.script('u/ann/tool', 'bash', 'echo two', { auto_parent: true });
    expect(await result(bob, 'u/ann/tool')).toBe('two');
    const { hash } = await bob.json('GET', '/w/demo/scripts/get/p/u/ann/tool');
    expect(await status(bob, 'POST', `/w/demo/jobs/run/h/${hash}`, {})).toBe(201);
    const change = { path: 'u/ann/tool', language: 'bash', content: 'id', auto_parent: true };
    expect(await status(bob, 'POST', '/w/demo/scripts/create', change)).toBe(403);
    await ann.text('POST', '/w/demo/acls/remove/script/u/ann/tool', 200, { owner: 'u/bob' });
    expect((await read()).status).toBe(403);
    expect(await status(bob, 'POST', `/w/demo/jobs/run/h/${hash}`, {})).toBe(403);
  });

  test('an operator runs it, makes nothing, and runs no code of his own', async () => {
    expect(await result(operator, 'f/shared/ask', { script: 'u/bob/diary' })).toMatchObject({
      me: 'oliver',
      code: 403,
    });
    const script = { path: 'u/oliver/x', language: 'bash', content: 'id' };
    expect(await status(operator, 'POST', '/w/demo/scripts/create', script)).toBe(403);
    const code = { language: 'bash', content: 'id' };
    expect(await status(operator, 'POST', '/w/demo/jobs/run/preview', code)).toBe(403);
    expect(await status(operator, 'POST', '/w/demo/jobs/run_wait_result/preview', code)).toBe(403);
  });
});

describe('the audit log', () => {
  test('tells admins what everybody changed, and others what they changed themselves', async () => {
    const of = async (who: Client) =>
      (await who.json('GET', '/w/demo/audit/list?per_page=100')).map(
        (line: { username: string; operation: string; resource?: string }) =>
          [line.username, line.operation, line.resource ?? ''].join(' '),
      );
    const all = await of(millrace);
    expect(all).toContain('ann acls.add u/ann/tool');
    expect(all).toContain('ann folders.create shared');
    expect(all).toContain('admin workspaces.add_user ann@x.io');
    expect((await of(bob)).every((line: string) => line.startsWith('bob '))).toBe(true);
    const logins = await millrace.json('GET', '/w/admins/audit/list?operation=users.login');
    expect(logins.map((line: { username: string }) => line.username)).toContain('ann');
    expect(JSON.stringify(logins)).not.toContain('password of');
  });
});

describe('what is run', () => {
  test('is seen by whoever may see where it ran from, and by nobody else', async () => {
    const shared = await bob.text('POST', '/w/demo/jobs/run/p/f/shared/ask', 201, { script: 'x' });
    const own = await bob.text('POST', '/w/demo/jobs/run/p/u/bob/diary', 201, {});
    await millrace.completed(shared);
    await millrace.completed(own);
    expect(await status(ann, 'GET', `/w/demo/jobs_u/get/${shared}`)).toBe(200);
    for (const read of [
      'jobs_u/get',
      'jobs_u/get_logs',
      'jobs_u/completed/get_result',
      'jobs_u/getupdate',
      'jobs_u/getupdate_sse',
      'jobs/run_wait_result/job',
    ])
      expect(await status(ann, 'GET', `/w/demo/${read}/${own}`)).toBe(403);
    expect(await status(ann, 'POST', `/w/demo/jobs_u/queue/cancel/${own}`, {})).toBe(403);
    expect(await status(ann, 'GET', '/w/demo/jobs_u/get/0196a5f0-0000-7000-8000-000000000000')).toBe(404);
    const ids = (jobs: { id: string }[]) => jobs.map(({ id }) => id);
    const seen = ids(await ann.json('GET', '/w/demo/jobs/list'));
    expect(seen).toContain(shared);
    expect(seen).not.toContain(own);
    expect(ids(await bob.json('GET', '/w/demo/jobs/list'))).toContain(own);
    const hidden = await bob.text('POST', '/w/demo/jobs/run/p/f/shared/ask?invisible_to_owner=true', 201, {
      script: 'x',
    });
    expect(await status(ann, 'GET', `/w/demo/jobs_u/get/${hidden}`)).toBe(403);
  });

  test('a right withdrawn before a job starts is withdrawn', async () => {
    await ann.text('POST', '/w/demo/groups/adduser/ops', 200, { username: 'bob' });
    const as = '/w/demo/jobs/run/p/f/ours/secret?scheduled_in_secs=2';
    await eventually(201, () => bob.request('POST', as, {}));
    const queued = await bob.text('POST', as, 201, {});
    await ann.text('POST', '/w/demo/groups/removeuser/ops', 200, { username: 'bob' });
    const job = await millrace.completed(queued, 20_000);
    expect(job.success).toBe(false);
    expect(JSON.stringify(job.result)).toMatch(/Permission denied: u\/bob may not run f\/ours\/secret any more/);
  });

  test('the token of a disabled user, and of one who was removed, is refused', async () => {
    const zoe = await memberOfDemo(millrace, 'zoe@x.io');
    expect(await status(zoe, 'GET', '/w/demo/users/whoami')).toBe(200);
    await millrace.text('POST', '/w/demo/users/update/zoe', 200, { disabled: true });
    await eventually(403, () => zoe.request('GET', '/w/demo/users/whoami'));
    await millrace.text('DELETE', '/users/delete/zoe@x.io', 200);
    await eventually(401, () => zoe.request('GET', '/users/whoami'));
  });
});
