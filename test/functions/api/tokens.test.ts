import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { scopeChoices } from '../../../shared/access/scopes.ts';
import { type Api, startApi } from '../../support/api.ts';

const EMAIL = 'ann@x.io';
const PASSWORD = 'the password of ann';

let api: Api;
let ann: string;

const login = async (): Promise<string> =>
  (await api.call('POST', '/auth/login', { token: null, body: { email: EMAIL, password: PASSWORD } })).text;
const made = async (body: object, token = ann): Promise<string> =>
  (await api.call('POST', '/users/tokens/create', { token, body })).text;
const listed = (query = ''): Promise<{ label?: string; token_prefix: string; scopes?: string[] }[]> =>
  api.json('GET', `/users/tokens/list${query}`, { token: ann });
const of = async (token: string) => (await listed()).find(({ token_prefix }) => token.startsWith(token_prefix));
const status = async (method: string, path: string, token: string, body?: unknown): Promise<number> =>
  (await api.call(method, path, { token, body })).status;

beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
  await api.call('POST', '/users/create', { body: { email: EMAIL, password: PASSWORD } });
  await api.call('POST', '/w/demo/workspaces/add_user', { body: { email: EMAIL } });
  ann = await login();
});
afterAll(() => api.stop());

describe('the list of tokens', () => {
  test('comes in pages, newest first, and leaves sessions out when asked', async () => {
    for (const label of ['one', 'two', 'three']) await made({ label });
    const labels = (await listed('?exclude_ephemeral=true&per_page=2')).map(({ label }) => label);
    expect(labels).toEqual(['three', 'two']);
    const rest = (await listed('?exclude_ephemeral=true&per_page=2&page=2')).map(({ label }) => label);
    expect(rest).toEqual(['one']);
    expect((await listed()).map(({ label }) => label)).toContain('session');
  });

  test('a malformed page is a 400 that names it', async () => {
    const refused = await api.call('GET', '/users/tokens/list?per_page=many', { token: ann });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('query per_page') });
  });
});

describe('a token that is changed', () => {
  test('may do what its new scopes name, and everything again without', async () => {
    const token = await made({ scopes: ['scripts:read'] });
    const path = `/users/tokens/update_scopes/${token.slice(0, 10)}`;
    expect(await status('POST', path, ann, { scopes: ['groups:read'] })).toBe(200);
    expect(await of(token)).toMatchObject({ scopes: ['groups:read'] });
    expect(await status('GET', '/w/demo/groups/list', token)).toBe(200);
    expect(await status('GET', '/w/demo/scripts/list', token)).toBe(403);
    expect(await status('POST', path, ann, { scopes: null })).toBe(200);
    expect(await of(token)).not.toHaveProperty('scopes');
  });

  test('has its new label, or none', async () => {
    const token = await made({ label: 'ci' });
    const path = `/users/tokens/update_label/${token.slice(0, 10)}`;
    expect(await status('POST', path, ann, { label: 'nightly' })).toBe(200);
    expect(await of(token)).toMatchObject({ label: 'nightly' });
    expect(await status('POST', path, ann, {})).toBe(200);
    expect(await of(token)).not.toHaveProperty('label');
  });

  test.each([
    ['update_scopes', { scopes: ['scripts:fly'] }, 'body scopes.0'],
    ['update_scopes', { scopes: 'scripts:read' }, 'body scopes'],
    ['update_label', { label: 7 }, 'body label'],
    ['update_label', { label: 'session' }, 'body label'],
  ])('%s with %j is a 400 that names the field', async (route, body, field) => {
    const token = await made({});
    const refused = await api.call('POST', `/users/tokens/${route}/${token.slice(0, 10)}`, { token: ann, body });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining(field) });
  });

  test('is its owner’s only, and never changed by a limited token', async () => {
    const prefix = (await made({})).slice(0, 10);
    const limited = await made({ scopes: ['users:write'] });
    for (const route of ['update_scopes', 'update_label']) {
      expect((await api.call('POST', `/users/tokens/${route}/${prefix}`, { body: {} })).status).toBe(404);
      expect(await status('POST', `/users/tokens/${route}/${prefix}`, limited, {})).toBe(403);
    }
  });

  test('cannot pass for a session, nor a session for something else', async () => {
    const refused = await api.call('POST', '/users/tokens/create', { token: ann, body: { label: 'session' } });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('body label') });
    expect(await status('POST', `/users/tokens/update_label/${ann.slice(0, 10)}`, ann, { label: 'ci' })).toBe(400);
  });
});

describe('the scopes to choose from', () => {
  test('are all good for a token, with a path where they take one', async () => {
    const domains: ReturnType<typeof scopeChoices> = await api.json('GET', '/tokens/list/scopes', { token: ann });
    expect(domains.map(({ name }) => name)).toEqual(expect.arrayContaining(['jobs', 'scripts', 'audit']));
    const scopes = domains.flatMap((domain) =>
      domain.scopes.flatMap(({ value, requires_resource_path }) =>
        requires_resource_path ? [value, `${value}:f/a/*`] : [value],
      ),
    );
    expect(scopes).toContain('jobs:run:scripts:f/a/*');
    expect(await status('POST', '/users/tokens/create', ann, { scopes })).toBe(201);
  });
});

describe('a session', () => {
  test('is renewed: its next token is good and set as a cookie, the old one revoked', async () => {
    const old = await login();
    const renewed = await api.call('GET', '/users/refresh_token', { token: old });
    expect(renewed.status).toBe(200);
    expect(renewed.text).not.toBe(old);
    expect(renewed.headers['set-cookie']).toMatch(new RegExp(`^token=${renewed.text};.*HttpOnly.*Max-Age=259200`));
    expect(await status('GET', '/users/whoami', renewed.text)).toBe(200);
    expect(await of(old)).toBeUndefined();
    expect(await of(renewed.text)).toMatchObject({ label: 'session' });
  });

  test('of which two renewals are asked at once is renewed once', async () => {
    const old = await login();
    const answers = await Promise.all([1, 2, 3].map(() => status('GET', '/users/refresh_token', old)));
    expect(answers.sort()).toEqual([200, 401, 401]);
  });

  test('stays as it is while it lives long enough', async () => {
    const kept = await api.call('GET', '/users/refresh_token?if_expiring_in_less_than_s=3600', { token: ann });
    expect(kept).toMatchObject({ status: 200, text: ann });
    expect(kept.headers).not.toHaveProperty('set-cookie');
  });

  test('is the only thing that is renewed', async () => {
    const token = await made({ label: 'ci' });
    const refused = await api.call('GET', '/users/refresh_token', { token });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('session') });
    const limited = await made({ read_only: true });
    expect(await status('GET', '/users/refresh_token', limited)).toBe(403);
    const asked = await api.call('GET', '/users/refresh_token?if_expiring_in_less_than_s=soon', { token: ann });
    expect(asked).toMatchObject({ status: 400, text: expect.stringContaining('query if_expiring_in_less_than_s') });
  });
});

describe('the login page', () => {
  test('is told that there is no mail, and that passwords are the way in', async () => {
    expect(await api.json('GET', '/auth/is_smtp_configured', { token: null })).toBe(false);
    expect(await api.json('GET', '/auth/is_password_login_disabled', { token: null })).toBe(false);
  });
});
