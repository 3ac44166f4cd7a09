import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { memberOf, type Person, withScopes } from '../../support/people.ts';

const SECRET = 'correct horse battery staple';
const R = '/w/demo/resources';

let api: Api;
let ann: Person;
let bob: Person;
let operator: Person;
let admin: Person;

const made = (who: Person, path: string, value: unknown, more: object = {}, query = '') =>
  who.call('POST', `${R}/create${query}`, { path, value, resource_type: 'postgresql', ...more });
const variable = (who: Person, path: string, value: string, is_secret: boolean) =>
  who.call('POST', '/w/demo/variables/create', { path, value, is_secret, description: '' });
const listed = async (who: Person, query = ''): Promise<string[]> =>
  (await who.json('GET', `${R}/list${query}`)).map(({ path }: { path: string }) => path);

beforeAll(async () => {
  api = await startApi();
  await api.call('POST', '/workspaces/create', { body: { id: 'demo', name: 'Demo' } });
  ann = await memberOf(api, 'ann');
  bob = await memberOf(api, 'bob');
  operator = await memberOf(api, 'oliver', { operator: true });
  admin = await memberOf(api, 'adam', { is_admin: true });
  const folder = (name: string, extra_perms: object) =>
    ann.call('POST', '/w/demo/folders/create', { name, extra_perms });
  await folder('read', { 'g/all': false });
  await folder('team', { 'g/all': true });
  await folder('own', {});
});
afterAll(() => api.stop());

describe('a resource', () => {
  test('is made, read, changed and deleted, and its value keeps its order', async () => {
    const value = { z: 1, a: [true, null, 1.5, 'ü'], '': {} };
    expect(await made(ann, 'u/ann/db', value)).toMatchObject({ status: 201, text: 'resource u/ann/db created' });
    expect(await ann.call('GET', `${R}/get_value/u/ann/db`)).toMatchObject({
      status: 200,
      type: 'application/json',
      text: JSON.stringify(value),
    });
    expect(await ann.json('GET', `${R}/get/u/ann/db`)).toMatchObject({
      workspace_id: 'demo',
      path: 'u/ann/db',
      value,
      resource_type: 'postgresql',
      description: '',
      is_oauth: false,
      created_by: 'ann',
      extra_perms: {},
    });
    expect((await made(ann, 'u/ann/db', 1)).status).toBe(400);
    expect(await made(ann, 'u/ann/db', 1, {}, '?update_if_exists=true')).toMatchObject({ status: 201 });
    expect(await ann.status('POST', `${R}/update_value/u/ann/db`, { value: 'text' })).toBe(200);
    expect(await ann.json('GET', `${R}/get_value/u/ann/db`)).toBe('text');
    const edit = { description: 'said', resource_type: 'mysql' };
    expect(await ann.status('POST', `${R}/update/u/ann/db`, edit)).toBe(200);
    expect(await ann.json('GET', `${R}/get/u/ann/db`)).toMatchObject({ ...edit, value: 'text' });
    expect(await ann.json('GET', `${R}/exists/u/ann/db`)).toBe(true);
    expect(await ann.status('DELETE', `${R}/delete/u/ann/db`)).toBe(200);
    expect(await ann.json('GET', `${R}/exists/u/ann/db`)).toBe(false);
    for (const route of ['get', 'get_value', 'get_value_interpolated'])
      expect(await ann.status('GET', `${R}/${route}/u/ann/db`)).toBe(404);
    expect(await ann.status('POST', `${R}/update_value/u/ann/db`, { value: 1 })).toBe(404);
    expect(await ann.status('DELETE', `${R}/delete/u/ann/db`)).toBe(404);
  });

  test('keeps the state of a script', async () => {
    const state = { path: 'f/team/script/user', value: { last: 7 }, resource_type: 'state' };
    expect(await bob.status('POST', `${R}/create`, state)).toBe(201);
    expect(await bob.status('POST', `${R}/update_value/f/team/script/user`, { value: { last: 8 } })).toBe(200);
    expect(await bob.json('GET', `${R}/get_value_interpolated/f/team/script/user`)).toEqual({ last: 8 });
  });

  test('of more than 300 KB of JSON, or nested too deep, is refused and told why', async () => {
    const long = await made(ann, 'u/ann/long', 'x'.repeat(299_999));
    expect(long).toMatchObject({ status: 400, text: expect.stringContaining('300001 bytes') });
    expect((await made(ann, 'u/ann/long', 'x'.repeat(299_998))).status).toBe(201);
    const deep = `{"path":"u/ann/deep","resource_type":"x","value":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const refused = await ann.call('POST', `${R}/create`, deep);
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('deeper than 500') });
  });

  test.each([
    [{ path: 'nowhere' }, 'body path'],
    [{ value: undefined }, 'body value'],
    [{ resource_type: 'no type' }, 'body resource_type'],
  ])('made with %j is refused by a 400 that names the field', async (more, named) => {
    expect(await made(ann, 'u/ann/bad', 1, more)).toMatchObject({ status: 400, text: expect.stringContaining(named) });
  });
});

describe('references', () => {
  beforeAll(async () => {
    await variable(ann, 'f/read/password', SECRET, true);
    await variable(ann, 'u/ann/host', 'db.internal', false);
    await made(ann, 'f/read/login', { user: 'app', password: '$var:f/read/password' });
    await made(ann, 'f/read/db', { login: '$res:f/read/login', hosts: ['$var:u/ann/host'] });
    await made(ann, 'f/read/open', { again: '$res:f/read/login' });
    await made(ann, 'u/ann/loop', { self: '$res:u/ann/loop' });
  });

  test('are followed as far as the caller may read, and otherwise kept as they are', async () => {
    const whole = { login: { user: 'app', password: SECRET }, hosts: ['db.internal'] };
    expect(await ann.json('GET', `${R}/get_value_interpolated/f/read/db`)).toEqual(whole);
    expect(await bob.json('GET', `${R}/get_value_interpolated/f/read/open`)).toEqual({ again: whole.login });
    const refused = await bob.call('GET', `${R}/get_value_interpolated/f/read/db`);
    expect(refused).toMatchObject({
      status: 403,
      text: 'Permission denied: u/bob may not read variable u/ann/host (referred to by $res:f/read/db)',
    });
    expect((await bob.json('GET', `${R}/get/f/read/db`)).value).toEqual({
      login: '$res:f/read/login',
      hosts: ['$var:u/ann/host'],
    });
  });

  test('that lead back are refused, and the way is named', async () => {
    expect(await ann.call('GET', `${R}/get_value_interpolated/u/ann/loop`)).toMatchObject({
      status: 400,
      text: 'Bad request: $res:u/ann/loop refers to itself: $res:u/ann/loop -> $res:u/ann/loop',
    });
  });

  test('to secrets leave a line in the audit log for each', async () => {
    await bob.json('GET', `${R}/get_value_interpolated/f/read/open`);
    const [last] = await admin.json('GET', '/w/demo/audit/list?operation=variables.decrypt_secret&per_page=1');
    expect(last).toMatchObject({ username: 'bob', resource: 'f/read/password' });
  });

  test('lead a token with scopes nowhere that its scopes do not', async () => {
    const reader = await withScopes(api, ann, ['resources:read:f/read/*']);
    expect(await reader.status('GET', `${R}/get_value/f/read/open`)).toBe(200);
    const refused = await reader.call('GET', `${R}/get_value_interpolated/f/read/open`);
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('variables:read:f/read/password') });
    const both = await withScopes(api, ann, ['resources:read:f/read/*', 'variables:read:f/read/*']);
    expect(await both.status('GET', `${R}/get_value_interpolated/f/read/open`)).toBe(200);
  });
});

describe('rights', () => {
  beforeAll(async () => {
    for (const path of ['u/ann/mine', 'f/own/x', 'f/team/x', 'f/read/x']) await made(ann, path, { at: path });
  });

  test('reading needs to see the path; who may not is told that there is one by a 403', async () => {
    for (const route of ['get', 'get_value', 'get_value_interpolated']) {
      expect(await bob.status('GET', `${R}/${route}/f/read/x`)).toBe(200);
      expect(await bob.status('GET', `${R}/${route}/f/own/x`)).toBe(403);
      expect(await bob.status('GET', `${R}/${route}/u/ann/mine`)).toBe(403);
      expect(await bob.status('GET', `${R}/${route}/u/ann/none`)).toBe(404);
      expect(await operator.status('GET', `${R}/${route}/f/team/x`)).toBe(200);
    }
    const hidden = (path: string) => path.startsWith('u/ann/') || path.startsWith('f/own/');
    expect((await listed(bob, '?per_page=100')).filter(hidden)).toEqual([]);
    const searched = await bob.json('GET', `${R}/list_search`);
    expect(searched.map(({ path }: { path: string }) => path).filter(hidden)).toEqual([]);
    const named = await bob.json('GET', `${R}/list_names/postgresql`);
    expect(named.map(({ path }: { path: string }) => path).filter(hidden)).toEqual([]);
  });

  test('changing needs to write at the path, and at the new one too', async () => {
    for (const path of ['f/read/x', 'f/own/x', 'u/ann/mine']) {
      expect(await bob.status('POST', `${R}/update/${path}`, { value: 1 })).toBe(403);
      expect(await bob.status('POST', `${R}/update_value/${path}`, { value: 1 })).toBe(403);
      expect(await bob.status('DELETE', `${R}/delete/${path}`)).toBe(403);
      expect((await made(bob, path, 1, {}, '?update_if_exists=true')).status).toBe(403);
    }
    expect((await made(bob, 'u/ann/new', 1)).status).toBe(403);
    expect(await bob.status('POST', `${R}/update/f/team/x`, { path: 'f/read/moved' })).toBe(403);
    expect(await bob.status('DELETE', `${R}/delete_bulk`, { paths: ['f/team/x', 'f/read/x'] })).toBe(403);
    expect(await operator.status('POST', `${R}/update_value/f/team/x`, { value: 1 })).toBe(403);
    expect(await bob.status('POST', `${R}/update/f/team/x`, { path: 'f/team/moved' })).toBe(200);
    expect(await bob.json('GET', `${R}/get_value/f/team/moved`)).toEqual({ at: 'f/team/x' });
  });

  test('its owner shares one resource', async () => {
    const grant = { owner: 'g/all', write: false };
    expect(await bob.status('POST', '/w/demo/acls/add/resource/u/ann/mine', grant)).toBe(403);
    expect(await ann.status('POST', '/w/demo/acls/add/resource/u/ann/mine', grant)).toBe(200);
    expect((await bob.json('GET', `${R}/get/u/ann/mine`)).extra_perms).toEqual({ 'g/all': false });
    expect(await bob.status('POST', `${R}/update_value/u/ann/mine`, { value: 1 })).toBe(403);
  });
});

describe('lists', () => {
  test('are filtered by type, path, value and words, in pages, and show no values', async () => {
    for (const [name, type, value] of [
      ['one', 'redis', { host: 'a', port: 1, name: 'First' }],
      ['two', 'redis', { host: 'b', port: 1 }],
      ['three', 'state', { host: 'a' }],
    ] as const)
      await made(ann, `u/ann/list/${name}`, value, { resource_type: type, description: `number ${name}` });
    const at = (query: string) => listed(ann, `?path_start=u/ann/list/&${query}`);
    expect(await at('')).toEqual(['u/ann/list/one', 'u/ann/list/three', 'u/ann/list/two']);
    expect(await at('resource_type=redis')).toEqual(['u/ann/list/one', 'u/ann/list/two']);
    expect(await at('resource_type_exclude=redis,mysql')).toEqual(['u/ann/list/three']);
    expect(await at(`value=${encodeURIComponent('{"host":"a"}')}`)).toEqual(['u/ann/list/one', 'u/ann/list/three']);
    expect(await at('description=TWO')).toEqual(['u/ann/list/two']);
    expect(await at('broad_filter=first')).toEqual(['u/ann/list/one']);
    expect(await at('per_page=1&page=2')).toEqual(['u/ann/list/three']);
    const [first] = await ann.json('GET', `${R}/list?path=u/ann/list/one`);
    expect(first).not.toHaveProperty('value');
    expect(await ann.json('GET', `${R}/list_names/redis`)).toEqual([
      { name: 'First', path: 'u/ann/list/one' },
      { name: 'u/ann/list/two', path: 'u/ann/list/two' },
    ]);
    expect(await ann.json('GET', `${R}/list_search`)).toContainEqual({
      path: 'u/ann/list/three',
      value: '{"host":"a"}',
      truncated: false,
    });
  });
});

describe('a resource type', () => {
  const T = `${R}/type`;
  const schema = { type: 'object', properties: { z: {}, a: {} } };

  test('is made by a developer and changed by him or an admin', async () => {
    const type = { name: 'c_thing', schema, description: 'A thing', format_extension: 'json' };
    expect(await ann.call('POST', `${T}/create`, type)).toMatchObject({ status: 201 });
    expect(await ann.status('POST', `${T}/create`, type)).toBe(400);
    expect(await operator.json('GET', `${T}/get/c_thing`)).toMatchObject({ ...type, created_by: 'ann' });
    expect(await bob.status('POST', `${T}/update/c_thing`, { description: 'x' })).toBe(403);
    expect(await operator.status('POST', `${T}/create`, { name: 'c_other' })).toBe(403);
    expect(await ann.status('POST', `${T}/update/c_thing`, { description: 'Other', format_extension: null })).toBe(200);
    const changed = await bob.json('GET', `${T}/get/c_thing`);
    expect(changed).toMatchObject({ description: 'Other', schema });
    expect(changed).not.toHaveProperty('format_extension');
    expect(await bob.json('GET', `${T}/exists/c_thing`)).toBe(true);
    expect(await bob.json('GET', `${T}/listnames`)).toEqual(['c_thing']);
    expect(await bob.json('GET', `${T}/list`)).toEqual([changed]);
    expect(await bob.status('DELETE', `${T}/delete/c_thing`)).toBe(403);
    expect(await admin.status('DELETE', `${T}/delete/c_thing`)).toBe(200);
    expect(await bob.status('GET', `${T}/get/c_thing`)).toBe(404);
  });

  test('tells how files of it end', async () => {
    expect(await bob.json('GET', `${R}/file_resource_type_to_file_ext_map`)).toEqual({});
    await ann.call('POST', `${T}/create`, { name: 'c_ini', format_extension: 'ini' });
    expect(await bob.json('GET', `${R}/file_resource_type_to_file_ext_map`)).toEqual({
      c_ini: { format_extension: 'ini', is_fileset: false },
    });
  });
});
