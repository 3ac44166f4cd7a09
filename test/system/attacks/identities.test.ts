import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../client.ts';
import { Millrace } from '../millrace.ts';
import { eventually, memberOfDemo, person } from '../trust/people.ts';

const NO_SUCH_JOB = '0196a5f0-0000-7000-8000-000000000000';
const HOUR = 'scheduled_in_secs=3600';

let millrace: Millrace;
let ann: Client;
let bob: Client;
/** A job of the workspace `other`, one of demo's admin, and one of Ann's. */
let foreign: string;
let hidden: string;
let own: string;
let foreignHash: string;

const status = async (who: Client, method: string, path: string, body?: unknown): Promise<number> => {
  const response = await who.request(method, path, body);
  await response.text();
  return response.status;
};
const code = { language: 'bash', content: 'echo hello' };

beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  await millrace.workspace('other');
  ann = await memberOfDemo(millrace, 'ann@x.io');
  bob = await memberOfDemo(millrace, 'bob@x.io');
  const script = { path: 'f/a/x', ...code, summary: '', description: '' };
  foreignHash = await millrace.text('POST', '/w/other/scripts/create', 201, script);
  await ann.text('POST', '/w/demo/scripts/create', 201, { ...script, path: 'u/ann/x' });
  foreign = await millrace.text('POST', `/w/other/jobs/run/p/f/a/x?${HOUR}`, 201, {});
  hidden = await millrace.text('POST', `/w/demo/jobs/run/preview?${HOUR}`, 201, code);
  own = await ann.text('POST', `/w/demo/jobs/run/p/u/ann/x?${HOUR}`, 201, {});
}, 60_000);

afterAll(() => millrace.stop());

describe('an inner name that is not the outer one', () => {
  test('finds no job of another workspace, whoever asks', async () => {
    for (const who of [ann, millrace])
      for (const [method, path] of [
        ['GET', 'jobs_u/get'],
        ['GET', 'jobs_u/get_logs'],
        ['GET', 'jobs_u/get_args'],
        ['GET', 'jobs_u/getupdate'],
        ['GET', 'jobs_u/getupdate_sse'],
        ['GET', 'jobs_u/completed/get_result'],
        ['GET', 'jobs_u/get_root_job_id'],
        ['GET', 'jobs/queue/scheduled_for'],
        ['GET', 'jobs/job_view_token'],
        ['POST', 'jobs_u/queue/cancel'],
        ['POST', 'jobs_u/queue/force_cancel'],
      ] as const)
        expect([path, await status(who, method, `/w/demo/${path}/${foreign}`)]).toEqual([path, 404]);
    expect(await status(millrace, 'GET', `/w/other/jobs_u/get/${foreign}`)).toBe(200);
  });

  test('runs no version of another workspace', async () => {
    expect(await status(millrace, 'POST', `/w/demo/jobs/run/h/${foreignHash}`, {})).toBe(404);
    expect(await status(millrace, 'POST', '/w/demo/jobs/run/preview', { script_hash: foreignHash })).toBe(404);
    const batch = { kind: 'script', hash: foreignHash };
    expect(await status(millrace, 'POST', '/w/demo/jobs/add_batch_jobs/1', batch)).toBe(404);
    expect(await status(millrace, 'GET', `/w/demo/scripts/get/h/${foreignHash}`)).toBe(404);
    const script = { path: 'f/a/x', ...code, summary: '', parent_hash: foreignHash };
    expect(await status(millrace, 'POST', '/w/demo/scripts/create', script)).toBe(400);
  });

  test.each(['parent_job', 'root_job'])(
    'makes no job the child of one that its launcher may not see: %s',
    async (name) => {
      const run = (id: string) => status(ann, 'POST', `/w/demo/jobs/run/p/u/ann/x?${HOUR}&${name}=${id}`, {});
      expect(await run(foreign)).toBe(404);
      expect(await run(NO_SUCH_JOB)).toBe(404);
      expect(await run(hidden)).toBe(403);
      expect(await run(own)).toBe(201);
      const waiting = `/w/demo/jobs/run_wait_result/preview?${name}=${hidden}`;
      expect(await status(ann, 'POST', waiting, code)).toBe(403);
    },
  );

  test('of a job that is there and of one that is not is told as the reference says, and nothing more', async () => {
    const answer = async (id: string) => {
      const response = await ann.request('GET', `/w/demo/jobs_u/get/${id}`);
      return { status: response.status, text: await response.text() };
    };
    expect((await answer(NO_SUCH_JOB)).status).toBe(404);
    const refused = await answer(hidden);
    expect(refused.status).toBe(403);
    for (const detail of ['admin', 'bash', 'preview', 'queued']) expect(refused.text).not.toContain(detail);
  });

  test('is not taken over by choosing the id of another job', async () => {
    for (const id of [own, hidden])
      expect(await status(bob, 'POST', `/w/demo/jobs/run/preview?${HOUR}&job_id=${id}`, code)).toBe(400);
    const job = await millrace.json('GET', `/w/demo/jobs_u/get/${own}`);
    expect(job).toMatchObject({ created_by: 'ann', permissioned_as: 'u/ann', script_path: 'u/ann/x' });
  });
});

describe('fields that a request should not set', () => {
  const owned = {
    permissioned_as: 'u/admin',
    created_by: 'admin',
    email: 'admin@millrace.dev',
    workspace_id: 'other',
    workspace: 'other',
    log_key: '../../x',
    result: { at: 'object', key: 'jobs/other/x' },
    status: 'success',
    attempt: 9,
    op: 'x',
  };

  test('of a run are arguments in its body, and in its query refused or nothing', async () => {
    const id = await ann.text('POST', `/w/demo/jobs/run/p/u/ann/x?${HOUR}`, 201, owned);
    const query = `${HOUR}&created_by=admin&email=admin@millrace.dev&workspace=other&workspace_id=other&id=${NO_SUCH_JOB}`;
    const other = await ann.text('POST', `/w/demo/jobs/run/p/u/ann/x?${query}`, 201, {});
    for (const job of [id, other])
      expect(await ann.json('GET', `/w/demo/jobs_u/get/${job}`)).toMatchObject({
        created_by: 'ann',
        permissioned_as: 'u/ann',
        workspace_id: 'demo',
        type: 'QueuedJob',
      });
    expect(await ann.json('GET', `/w/demo/jobs_u/get_args/${id}`)).toEqual(owned);
    for (const as of ['u/admin', 'u/bob', 'g/all', 'g/wm_deployers', 'admin@millrace.dev', 'bob@x.io', ''])
      expect([as, await status(ann, 'POST', `/w/demo/jobs/run/p/u/ann/x?${HOUR}&permissioned_as=${as}`, {})]).toEqual([
        as,
        as === '' ? 201 : 403,
      ]);
  });

  test('of code that comes with the request are nothing', async () => {
    const body = { ...code, ...owned, args: {} };
    const id = await ann.text('POST', `/w/demo/jobs/run/preview?${HOUR}`, 201, body);
    expect(await ann.json('GET', `/w/demo/jobs_u/get/${id}`)).toMatchObject({
      created_by: 'ann',
      permissioned_as: 'u/ann',
      workspace_id: 'demo',
    });
  });

  test('of a script are nothing', async () => {
    const more = {
      ...owned,
      hash: '0000000000000001',
      created_at: '2000-01-01T00:00:00Z',
      extra_perms: { 'u/bob': true },
    };
    await ann.text('POST', '/w/demo/scripts/create', 201, { path: 'u/ann/y', ...code, summary: '', ...more });
    const made = await ann.json('GET', '/w/demo/scripts/get/p/u/ann/y');
    expect(made).toMatchObject({ created_by: 'ann', workspace_id: 'demo', extra_perms: {} });
    expect(made.hash).not.toBe(more.hash);
    expect(await status(bob, 'GET', '/w/demo/scripts/get/p/u/ann/y')).toBe(403);
    const inOthersName = { path: 'u/ann/z', ...code, summary: '', on_behalf_of_email: 'admin@millrace.dev' };
    await ann.request('POST', '/w/demo/scripts/create', inOthersName);
    const id = await ann.request('POST', `/w/demo/jobs/run/p/u/ann/z?${HOUR}`, {}).then((answer) => answer.text());
    const job = await millrace.request('GET', `/w/demo/jobs_u/get/${id}`).then((answer) => answer.text());
    expect(job).not.toContain('admin@millrace.dev');
  });

  test('of tokens, folders, groups and accounts make nobody more', async () => {
    const wished = {
      email: 'admin@millrace.dev',
      super_admin: true,
      hash: 'x',
      prefix: 'y',
      owner: 'u/admin',
      is_admin: true,
    };
    const token = await ann.text('POST', '/users/tokens/create', 201, wished);
    const me = new Client(millrace.url, token);
    expect(await me.json('GET', '/users/whoami')).toMatchObject({ email: 'ann@x.io', super_admin: false });
    await ann.text('POST', '/w/demo/folders/create', 200, { name: 'mine', ...owned });
    expect(await ann.json('GET', '/w/demo/folders/get/mine')).toMatchObject({ owners: ['u/ann'], created_by: 'ann' });
    await ann.text('POST', '/w/demo/groups/create', 200, {
      name: 'mine',
      members: ['admin'],
      extra_perms: { 'u/bob': true },
    });
    expect(await ann.json('GET', '/w/demo/groups/get/mine')).toMatchObject({
      members: ['ann'],
      extra_perms: { 'u/ann': true },
    });
    expect(await status(ann, 'POST', '/w/demo/users/update/ann', { is_admin: true })).toBe(403);
    expect(await status(ann, 'POST', '/users/update/ann@x.io', { is_super_admin: true })).toBe(403);
    expect(await status(ann, 'POST', '/w/demo/workspaces/add_user', { email: 'eve@x.io' })).toBe(403);
    await bob.text('POST', '/users/setpassword', 200, { password: 'a new long password', email: 'ann@x.io' });
    const login = { email: 'ann@x.io', password: 'the password of ann@x.io' };
    expect(await status(millrace, 'POST', '/auth/login', login)).toBe(200);
  });
});

describe('an Idempotency-Key', () => {
  test('is of its user, and of one request', async () => {
    const run = async (who: Client, args: object) => {
      const path = `/w/demo/jobs/run/preview?${HOUR}`;
      const response = await who.request('POST', path, { ...code, args }, { 'idempotency-key': 'order-1' });
      return { status: response.status, text: await response.text() };
    };
    const first = await run(ann, { n: 1 });
    expect(first.status).toBe(201);
    expect(await run(ann, { n: 1 })).toEqual(first);
    expect((await run(ann, { n: 2 })).status).toBe(422);
    const others = await run(bob, { n: 1 });
    expect(others.status).toBe(201);
    expect(others.text).not.toBe(first.text);
  });
});

describe('WM_TOKEN', () => {
  const told = async (id: string): Promise<string> => {
    for (let looks = 0; looks < 200; looks += 1) {
      const log = await ann.text('GET', `/w/demo/jobs_u/get_logs/${id}`, 200);
      const token = /^=(\S+)=$/m.exec(log)?.[1];
      if (token !== undefined) return [...token].reverse().join('');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the job did not tell its token');
  };

  test('is good as it is, for its job, and dies with it', async () => {
    const content = 'echo "=$WM_TOKEN=" | rev; sleep 100';
    const id = await ann.text('POST', '/w/demo/jobs/run/preview', 201, { language: 'bash', content });
    const token = await told(id);
    const as = (given: string) => status(new Client(millrace.url, given), 'GET', '/w/demo/users/whoami');
    expect(await as(token)).toBe(200);
    const [header = '', claims = '', mark = ''] = token.slice('jwt_'.length).split('.');
    const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const boss = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), permissioned_as: 'u/admin' };
    for (const forged of [
      `jwt_${base64url({ alg: 'none' })}.${claims}.`,
      `jwt_${base64url({ alg: 'none' })}.${base64url(boss)}.`,
      `jwt_${header}.${base64url(boss)}.${mark}`,
      `jwt_${header}.${claims}.`,
      `${header}.${claims}.${mark}`,
      `jwt_jwt_${header}.${claims}.${mark}`,
    ])
      expect([forged, await as(forged)]).toEqual([forged, 401]);
    const job = new Client(millrace.url, token);
    expect(await status(job, 'GET', '/w/other/users/whoami')).toBe(403);
    expect(await status(job, 'POST', '/users/tokens/create', {})).toBe(403);
    expect(await status(job, 'POST', `/frames/demo/${id}/1/control`)).toBeGreaterThanOrEqual(400);
    await ann.text('POST', `/w/demo/jobs_u/queue/force_cancel/${id}`, 200, {});
    expect(await as(token)).toBe(401);
  });
});

describe('tokens of who is not there any more', () => {
  test('are refused within the 5 s of the caches, and nobody falls back to being less', async () => {
    const gone = await memberOfDemo(millrace, 'gone@x.io');
    const disabled = await memberOfDemo(millrace, 'disabled@x.io');
    const deleted = await memberOfDemo(millrace, 'deleted@x.io');
    const banned = await person(millrace, 'banned@x.io');
    const ask = (who: Client, path: string) => () => who.request('GET', path);
    for (const who of [gone, disabled, deleted]) expect(await status(who, 'GET', '/w/demo/jobs/list')).toBe(200);
    expect(await status(banned, 'GET', '/users/whoami')).toBe(200);
    await millrace.text('DELETE', '/w/demo/users/delete/gone', 200);
    await millrace.text('POST', '/w/demo/users/update/disabled', 200, { disabled: true });
    await millrace.text('DELETE', '/users/delete/deleted@x.io', 200);
    await millrace.text('POST', '/users/update/banned@x.io', 200, { disabled: true });
    await Promise.all([
      eventually(403, ask(gone, '/w/demo/jobs/list')),
      eventually(403, ask(disabled, '/w/demo/jobs/list')),
      eventually(401, ask(deleted, '/w/demo/jobs/list')),
      eventually(401, ask(banned, '/users/whoami')),
    ]);
    expect(await status(disabled, 'POST', '/w/demo/jobs/run/preview', code)).toBe(403);
    const login = { email: 'banned@x.io', password: 'the password of banned@x.io' };
    expect(await status(millrace, 'POST', '/auth/login', login)).toBe(400);
  });

  test('of an archived workspace run nothing there', async () => {
    await millrace.text('POST', '/w/other/workspaces/archive', 200);
    await eventually(403, () => millrace.request('POST', `/w/other/jobs/run/p/f/a/x?${HOUR}`, {}));
    expect(await status(millrace, 'POST', `/w/other/jobs_u/queue/cancel/${foreign}`, {})).toBe(403);
    expect(await status(millrace, 'GET', `/w/other/jobs_u/get/${foreign}`)).toBe(200);
  });
});
