import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobKey } from '../../../shared/aws/job-keys.ts';
import { type Api, startApi } from '../../support/api.ts';
import { aJob } from '../../support/stores.ts';

const FLOW = '0196a5f0-0000-7000-8000-00000000000a';
const STEP = '0196a5f0-0000-7000-8000-00000000000b';
const OTHER = '0196a5f0-0000-7000-8000-00000000000c';
const HIDDEN = '0196a5f0-0000-7000-8000-00000000000d';

let api: Api;
let member: string;
let stranger: string;

const userToken = async (email: string): Promise<string> => {
  const password = 'long enough';
  await api.call('POST', '/users/create', { body: { email, password } });
  return (await api.call('POST', '/auth/login', { token: null, body: { email, password } })).text;
};
const link = async (id: string, kind = 'job_view_token'): Promise<string> => {
  const made = await api.call('GET', `/w/demo/jobs/${kind}/${id}`);
  expect(made).toMatchObject({ status: 200, type: 'text/plain' });
  return made.text;
};
const read = (id: string, token: string | null, viewToken: string, workspace = 'demo') =>
  api.call('GET', `/w/${workspace}/jobs_u/get/${id}?no_logs=true&view_token=${viewToken}`, { token });

beforeAll(async () => {
  api = await startApi();
  for (const id of ['demo', 'other']) await api.call('POST', '/workspaces/create', { body: { id, name: id } });
  await api.call('POST', '/w/demo/workspaces/add_user', { body: { email: 'member@x.io' } });
  await api.call('POST', '/w/demo/folders/create', { body: { name: 'seen', extra_perms: { 'g/all': false } } });
  member = await userToken('member@x.io');
  stranger = await userToken('stranger@x.io');
  await api.jobs.create(aJob({ id: FLOW }));
  await api.jobs.create(aJob({ id: STEP, parent_job: FLOW }));
  await api.jobs.create(aJob({ id: OTHER }));
  await api.jobs.create(aJob({ id: OTHER, workspace: 'other' }));
  await api.jobs.create(aJob({ id: HIDDEN, path: 'f/seen/x', visible_to_owner: false }));
});
afterAll(() => api.stop());

describe('a link to a job', () => {
  test('is its id and a mark, the same each time, and made for whoever may see the job only', async () => {
    const made = await link(FLOW);
    expect(made).toMatch(new RegExp(`^${FLOW}\\.[0-9a-f]{64}$`));
    expect(await link(FLOW)).toBe(made);
    expect(await link(FLOW, 'job_public_view_token')).not.toBe(made);
    for (const [token, status] of [
      [member, 403],
      [stranger, 403],
      [null, 401],
    ] as const) {
      expect((await api.call('GET', `/w/demo/jobs/job_view_token/${FLOW}`, { token })).status).toBe(status);
      const more = await api.call('GET', `/w/demo/jobs/job_public_view_token/${FLOW}?view_token=${made}`, { token });
      expect(more.status).toBe(status);
    }
  });

  test('shows the job and what belongs to it to any user, by query or header', async () => {
    const made = await link(FLOW);
    for (const token of [member, stranger]) {
      expect((await read(FLOW, token, made)).status).toBe(200);
      expect((await read(STEP, token, made)).status).toBe(200);
      const headers = { 'x-view-token': made };
      expect((await api.call('GET', `/w/demo/jobs_u/getupdate/${STEP}`, { token, headers })).status).toBe(200);
    }
  });

  test('shows no other job, no list, and lets nobody cancel', async () => {
    const made = await link(STEP);
    for (const id of [FLOW, OTHER]) {
      expect((await read(id, member, made)).status).toBe(403);
      expect((await read(id, stranger, made)).status).toBe(404);
    }
    const ask = (method: string, path: string) =>
      api.call(method, `/w/demo/${path}?view_token=${made}`, { token: stranger });
    expect((await ask('GET', 'jobs/list')).status).toBe(403);
    expect((await ask('GET', 'users/whoami')).status).toBe(403);
    expect((await ask('POST', `jobs_u/queue/cancel/${STEP}`)).status).toBe(403);
    expect((await ask('POST', `jobs_u/queue/force_cancel/${STEP}`)).status).toBe(403);
  });

  test('needs a login, unless it is a public one', async () => {
    expect((await read(FLOW, null, await link(FLOW))).status).toBe(401);
    expect((await read(STEP, null, await link(FLOW, 'job_public_view_token'))).status).toBe(200);
    expect((await read(OTHER, null, await link(FLOW, 'job_public_view_token'))).status).toBe(404);
  });

  test('is good as it was made only, and in its workspace only', async () => {
    const [, mark = ''] = (await link(OTHER)).split('.');
    const [, other = ''] = (await link(FLOW)).split('.');
    const forged = [
      `${OTHER}.${other}`,
      `${OTHER}.${mark.slice(0, -1)}`,
      `${OTHER}.${mark}00`,
      `${OTHER}.${mark.toUpperCase()}`,
      `${OTHER}.`,
      OTHER,
      `${OTHER}.${'0'.repeat(64)}`,
      `${OTHER}.${mark},${OTHER}.${mark}`,
    ];
    for (const token of forged) expect([token, (await read(OTHER, stranger, token)).status]).toEqual([token, 403]);
    expect((await read(OTHER, stranger, `${OTHER}.${mark}`, 'other')).status).toBe(403);
    expect((await read(OTHER, stranger, `${OTHER}.${mark}`)).status).toBe(200);
  });

  test('gives a limited token nothing that its limits take away', async () => {
    const made = await link(FLOW);
    const limited = async (body: object) =>
      (await api.call('POST', '/users/tokens/create', { token: stranger, body })).text;
    expect((await read(FLOW, await limited({ workspace_id: 'other' }), made)).status).toBe(403);
    expect((await read(FLOW, await limited({ scopes: ['scripts:read'] }), made)).status).toBe(403);
    expect((await read(FLOW, await limited({ read_only: true }), made)).status).toBe(200);
  });

  test('ends with its job, and does not show a later one of the same id', async () => {
    const id = '0196a5f0-0000-7000-8000-00000000000e';
    await api.jobs.create(aJob({ id, created_at: 1 }));
    const made = await link(id, 'job_public_view_token');
    expect((await read(id, null, made)).status).toBe(200);
    await api.db.send(new DeleteItemCommand({ TableName: 'jobs', Key: marshall(jobKey({ workspace: 'demo', id })) }));
    expect((await read(id, null, made)).status).toBe(401);
    await api.jobs.create(aJob({ id, created_at: 2 }));
    expect((await read(id, null, made)).status).toBe(401);
  });
});

describe('a run that is invisible to its owner', () => {
  test('is neither in the lists of who may read its folder nor shown to him by id', async () => {
    expect((await api.call('GET', `/w/demo/jobs_u/get/${HIDDEN}`, { token: member })).status).toBe(403);
    for (const list of ['jobs/list', 'jobs/queue/list', 'jobs/list_filtered_uuids', 'jobs/queue/list_filtered_uuids'])
      expect((await api.call('GET', `/w/demo/${list}`, { token: member })).text).toBe('[]');
    expect((await api.call('GET', '/w/demo/jobs/list')).text).toContain(HIDDEN);
  });

  test('is shown by a link', async () => {
    expect((await read(HIDDEN, member, await link(HIDDEN))).status).toBe(200);
  });
});
