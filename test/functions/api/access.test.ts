import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
});
afterAll(() => api.stop());

describe('the front door', () => {
  test.each([
    ['without the origin header', null],
    ['with a wrong origin header', 'guess'],
  ])('a request %s is refused with 403 before anything is read', async (_, origin) => {
    const refused = await api.call('POST', '/w/demo/scripts/create', { origin, token: null, body: '{not json' });
    expect(refused).toMatchObject({ status: 403, text: 'Forbidden' });
    expect((await api.call('GET', '/version', { origin })).status).toBe(403);
  });

  test('both values of the origin header pass while one is being replaced', async () => {
    expect((await api.call('GET', '/version', { origin: 'old-secret' })).status).toBe(200);
    expect((await api.call('GET', '/version', { origin: 'new-secret' })).status).toBe(200);
  });
});

describe('tokens', () => {
  test.each([
    ['no token', null],
    ['an unknown token', 'nobodys-token'],
    ['a job token that nobody signed', 'jwt_a.b.c'],
    ['a job token without form', 'jwt_'],
  ])('%s is a 401 as plain text', async (_, token) => {
    const refused = await api.call('GET', '/users/whoami', { token });
    expect(refused).toMatchObject({ status: 401, type: 'text/plain' });
    expect(refused.text).toMatch(/^Unauthorized/);
  });

  test('a token comes by header, query or cookie', async () => {
    const token = (await api.call('POST', '/users/tokens/create', { body: {} })).text;
    expect((await api.call('GET', '/users/whoami', { token })).status).toBe(200);
    expect((await api.call('GET', `/users/whoami?token=${token}`, { token: null })).status).toBe(200);
    const cookie = { cookie: `a=b; token=${token}` };
    expect((await api.call('GET', '/users/whoami', { token: null, headers: cookie })).status).toBe(200);
  });

  test('a new token is answered once as text with 201, and listed by its beginning only', async () => {
    const created = await api.call('POST', '/users/tokens/create', { body: { label: 'ci' } });
    expect(created).toMatchObject({ status: 201, type: 'text/plain' });
    expect(created.text.length).toBeGreaterThanOrEqual(32);
    const listed = await api.call('GET', '/users/tokens/list?exclude_ephemeral=true');
    expect(listed.text).not.toContain(created.text);
    expect(JSON.parse(listed.text)).toContainEqual(
      expect.objectContaining({ label: 'ci', token_prefix: created.text.slice(0, 10) }),
    );
  });

  test('a revoked token is refused', async () => {
    const { text: token } = await api.call('POST', '/users/tokens/create', { body: {} });
    const revoked = await api.call('DELETE', `/users/tokens/delete/${token.slice(0, 10)}`);
    expect(revoked.status).toBe(200);
    expect((await api.call('GET', '/users/whoami', { token })).status).toBe(401);
    expect((await api.call('DELETE', '/users/tokens/delete/nothing')).status).toBe(404);
  });

  test('a token of one workspace is good there only, and makes no tokens', async () => {
    const body = { workspace_id: 'demo' };
    const { text: token } = await api.call('POST', '/users/tokens/create', { body });
    expect((await api.call('GET', '/w/demo/users/whoami', { token })).status).toBe(200);
    expect((await api.call('GET', '/w/other/users/whoami', { token })).status).toBe(403);
    expect((await api.call('POST', '/users/tokens/create', { token, body: {} })).status).toBe(403);
    expect((await api.call('POST', '/workspaces/create', { token, body: { id: 'x', name: 'x' } })).status).toBe(403);
  });

  test('a read-only token reads and does not write', async () => {
    const { text: token } = await api.call('POST', '/users/tokens/create', { body: { read_only: true } });
    expect((await api.call('GET', '/w/demo/scripts/list', { token })).status).toBe(200);
    const script = { path: 'f/a/b', language: 'bash', content: '', summary: '' };
    expect((await api.call('POST', '/w/demo/scripts/create', { token, body: script })).status).toBe(403);
  });

  test.each([
    ['a scope that means nothing', { scopes: ['scripts:fly'] }, /scopes/],
    ['an end in the past', { expiration: '2020-01-01T00:00:00Z' }, /expiration/],
  ])('refuses to make a token with %s', async (_, body, message) => {
    const refused = await api.call('POST', '/users/tokens/create', { body });
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(message);
  });
});

describe('routing', () => {
  test('an unknown route is a 404 and a wrong method a 405, both plain text', async () => {
    expect(await api.call('GET', '/nothing/here')).toMatchObject({ status: 404, type: 'text/plain' });
    const wrong = await api.call('DELETE', '/version');
    expect(wrong).toMatchObject({ status: 405, type: 'text/plain' });
    expect(wrong.headers.allow).toBe('GET');
  });

  test('HEAD answers like GET without a body', async () => {
    expect(await api.call('HEAD', '/version')).toMatchObject({ status: 200, text: '' });
  });

  test('a malformed id is a 400 that names it', async () => {
    const refused = await api.call('GET', '/w/demo/jobs_u/get/not-a-uuid');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('path id');
  });
});

describe('the instance', () => {
  test('its version is text, needs no token and holds what the CLI looks for', async () => {
    const version = await api.call('GET', '/version', { token: null });
    expect(version).toMatchObject({ status: 200, type: 'text/plain' });
    expect(version.text).toMatch(/CE v1\.\d+/);
    expect(version.text).not.toMatch(/["\n]/);
  });

  test('its settings are null, its health is ok, its clock runs', async () => {
    expect((await api.call('GET', '/settings/global/automate_username_creation')).text).toBe('null');
    expect(await api.json('GET', '/health', { token: null })).toEqual({ status: 'ok' });
    expect(Math.abs((await api.json('GET', '/jobs/db_clock')) - Date.now())).toBeLessThan(5_000);
  });

  test('its OpenAPI document names every route once, with its parameters', async () => {
    const document = await api.json('GET', '/openapi.json', { token: null });
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object));
    const ids = operations.map((operation) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(50);
    const run = document.paths['/w/{workspace}/jobs/run/p/{path}'];
    expect(run.post.responses['201'].content).toHaveProperty('text/plain');
    expect(run.post.parameters.map((parameter: { name: string }) => parameter.name)).toContain('scheduled_for');
  });
});

describe('workspaces', () => {
  test('exists is a bare JSON boolean', async () => {
    const there = await api.call('POST', '/workspaces/exists', { body: { id: 'demo' } });
    expect(there).toMatchObject({ status: 200, type: 'application/json', text: 'true' });
    expect((await api.call('POST', '/workspaces/exists', { body: { id: 'no' } })).text).toBe('false');
  });

  test('an id that is taken or malformed is refused', async () => {
    const taken = await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'again' } });
    expect(taken).toMatchObject({ status: 400, text: 'Workspace id demo is taken' });
    const malformed = await api.call('POST', '/workspaces/create', { body: { id: 'a#b', name: 'x' } });
    expect(malformed.status).toBe(400);
    expect(malformed.text).toContain('body id');
  });

  test('lists hold them, and whoami tells who one is in each', async () => {
    expect(await api.json('GET', '/workspaces/list')).toEqual([
      { id: 'demo', name: 'Demo', owner: 'admin@millrace.dev' },
    ]);
    expect(await api.json('GET', '/workspaces/users')).toMatchObject({
      email: 'admin@millrace.dev',
      workspaces: [{ id: 'demo', username: 'admin' }],
    });
    expect(await api.json('GET', '/users/whoami')).toMatchObject({ email: 'admin@millrace.dev', super_admin: true });
    expect(await api.json('GET', '/w/demo/users/whoami')).toMatchObject({ username: 'admin', is_admin: true });
  });
});
