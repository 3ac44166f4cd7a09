import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';
import { memberOf, type Person, withScopes } from '../../support/people.ts';

const SECRET = 'correct horse battery staple';
const W = '/w/demo/variables';

let api: Api;
let ann: Person;
let bob: Person;
let operator: Person;
let admin: Person;

const made = (who: Person, path: string, more: object = {}, query = '') =>
  who.call('POST', `${W}/create${query}`, { path, value: 'plain value', is_secret: false, description: '', ...more });
const listed = async (who: Person, query = ''): Promise<string[]> =>
  (await who.json('GET', `${W}/list${query}`)).map(({ path }: { path: string }) => path);

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

describe('a variable', () => {
  test('is made, read, changed and deleted', async () => {
    expect(await made(ann, 'u/ann/plain')).toMatchObject({ status: 201, text: 'variable u/ann/plain created' });
    expect(await made(ann, 'u/ann/plain')).toMatchObject({ status: 400, text: expect.stringContaining('already') });
    const value = await ann.call('GET', `${W}/get_value/u/ann/plain`);
    expect(value).toMatchObject({ status: 200, type: 'application/json', text: '"plain value"' });
    expect(await ann.json('GET', `${W}/exists/u/ann/plain`)).toBe(true);
    const edit = { value: 'other', description: 'said', labels: ['x'] };
    expect(await ann.status('POST', `${W}/update/u/ann/plain`, edit)).toBe(200);
    expect(await ann.json('GET', `${W}/get/u/ann/plain`)).toMatchObject({
      workspace_id: 'demo',
      path: 'u/ann/plain',
      value: 'other',
      is_secret: false,
      description: 'said',
      labels: ['x'],
      extra_perms: {},
      is_expired: false,
      edited_by: 'ann',
    });
    expect(await ann.status('DELETE', `${W}/delete/u/ann/plain`)).toBe(200);
    expect(await ann.json('GET', `${W}/exists/u/ann/plain`)).toBe(false);
    for (const [method, path, body] of [
      ['GET', 'get/u/ann/plain', undefined],
      ['GET', 'get_value/u/ann/plain', undefined],
      ['POST', 'update/u/ann/plain', { value: 'x' }],
      ['DELETE', 'delete/u/ann/plain', undefined],
    ] as const)
      expect(await ann.status(method, `${W}/${path}`, body)).toBe(404);
  });

  test('of more than 300 KB is refused with its size, and one of just so much is kept, secret or not', async () => {
    const refused = await made(ann, 'u/ann/long', { value: 'ä'.repeat(150_001) });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('300002 bytes') });
    const value = 'x'.repeat(300_000);
    for (const [path, is_secret] of [
      ['u/ann/long', false],
      ['u/ann/long_secret', true],
    ] as const) {
      expect((await made(ann, path, { value, is_secret, description: 'ä'.repeat(2_000) })).status).toBe(201);
      expect(await ann.json('GET', `${W}/get_value/${path}`)).toBe(value);
    }
    await ann.call('DELETE', `${W}/delete_bulk`, { paths: ['u/ann/long', 'u/ann/long_secret'] });
  });

  test('that has expired is not given, and says so', async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    await made(ann, 'u/ann/short', { value: SECRET, is_secret: true, expires_at });
    expect(await ann.json('GET', `${W}/get/u/ann/short`)).toMatchObject({ value: SECRET, expires_at });
    const past = '2026-01-01T00:00:00.000Z';
    expect(await ann.status('POST', `${W}/update/u/ann/short`, { expires_at: past })).toBe(200);
    const gone = await ann.call('GET', `${W}/get_value/u/ann/short`);
    expect(gone).toMatchObject({ status: 404, text: `Not found: variable u/ann/short expired at ${past}` });
    const shown = await ann.json('GET', `${W}/get/u/ann/short`);
    expect(shown).toMatchObject({ is_expired: true });
    expect(shown).not.toHaveProperty('value');
    await ann.call('POST', `${W}/update/u/ann/short`, { expires_at: null });
    expect(await ann.json('GET', `${W}/get_value/u/ann/short`)).toBe(SECRET);
  });

  test.each([
    [{ path: 'nowhere' }, 'body path'],
    [{ value: 7 }, 'body value'],
    [{ expires_at: 'soon' }, 'body expires_at'],
    [{ is_secret: undefined }, 'body is_secret'],
  ])('made with %j is refused by a 400 that names the field', async (more, named) => {
    expect(await made(ann, 'u/ann/bad', more)).toMatchObject({ status: 400, text: expect.stringContaining(named) });
  });
});

describe('a secret', () => {
  test('is decrypted for whoever may read it, and shown encrypted when asked', async () => {
    await made(ann, 'u/ann/key', { value: SECRET, is_secret: true });
    expect(await ann.json('GET', `${W}/get_value/u/ann/key`)).toBe(SECRET);
    expect((await ann.json('GET', `${W}/get/u/ann/key`)).value).toBe(SECRET);
    expect(await ann.json('GET', `${W}/get/u/ann/key?decrypt_secret=false`)).not.toHaveProperty('value');
    const query = 'decrypt_secret=false&include_encrypted=true';
    const { value } = await ann.json('GET', `${W}/get/u/ann/key?${query}`);
    expect(value).not.toContain(SECRET);
    const update = `${W}/update/u/ann/key?already_encrypted=true`;
    expect(await ann.status('POST', update, { value, is_secret: true })).toBe(200);
    expect(await ann.json('GET', `${W}/get_value/u/ann/key`)).toBe(SECRET);
  });

  test('that is said to be encrypted already opens under its own path only', async () => {
    const { value } = await ann.json('GET', `${W}/get/u/ann/key?decrypt_secret=false&include_encrypted=true`);
    for (const given of [value, 'plain text', '']) {
      const refused = await made(bob, 'u/bob/stolen', { value: given, is_secret: true }, '?already_encrypted=true');
      expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('was not encrypted in workspace') });
    }
    expect(await bob.json('GET', `${W}/exists/u/bob/stolen`)).toBe(false);
  });

  test('moves with its value, and its old encrypted form is worth nothing there', async () => {
    await made(ann, 'f/own/first', { value: SECRET, is_secret: true });
    const encrypted = async (path: string) =>
      (await ann.json('GET', `${W}/get/${path}?decrypt_secret=false&include_encrypted=true`)).value;
    const before = await encrypted('f/own/first');
    expect(await ann.status('POST', `${W}/update/f/own/first`, { path: 'f/own/second' })).toBe(200);
    expect(await ann.json('GET', `${W}/exists/f/own/first`)).toBe(false);
    expect(await ann.json('GET', `${W}/get_value/f/own/second`)).toBe(SECRET);
    expect(await encrypted('f/own/second')).not.toBe(before);
    const back = { value: before, is_secret: true };
    expect(await ann.status('POST', `${W}/update/f/own/second?already_encrypted=true`, back)).toBe(400);
    await made(ann, 'f/own/third');
    expect(await ann.call('POST', `${W}/update/f/own/third`, { path: 'f/own/second' })).toMatchObject({
      status: 400,
      text: expect.stringContaining('f/own/second already'),
    });
  });

  test('becomes plain with a new value only, and a plain one becomes secret as it is', async () => {
    await made(ann, 'u/ann/turn', { value: SECRET, is_secret: true });
    expect(await ann.status('POST', `${W}/update/u/ann/turn`, { is_secret: false })).toBe(400);
    expect(await ann.status('POST', `${W}/update/u/ann/turn`, { is_secret: false, value: 'known' })).toBe(200);
    expect(await ann.json('GET', `${W}/get/u/ann/turn?decrypt_secret=false`)).toMatchObject({ value: 'known' });
    expect(await ann.status('POST', `${W}/update/u/ann/turn`, { is_secret: true })).toBe(200);
    expect(await ann.json('GET', `${W}/get/u/ann/turn?decrypt_secret=false`)).not.toHaveProperty('value');
    expect(await ann.json('GET', `${W}/get_value/u/ann/turn`)).toBe('known');
  });

  test('is nowhere in clear: not in lists, tables, the audit log or the log of the function', async () => {
    const write = vi.spyOn(console, 'log');
    const error = vi.spyOn(console, 'error');
    const out = vi.spyOn(process.stdout, 'write');
    await made(ann, 'f/team/shared', { value: SECRET, is_secret: true });
    await made(bob, 'f/team/shared', { value: SECRET, is_secret: true });
    expect(await bob.json('GET', `${W}/get_value/f/team/shared`)).toBe(SECRET);
    const said = JSON.stringify([write.mock.calls, error.mock.calls, out.mock.calls.map(([text]) => String(text))]);
    for (const spy of [write, error, out]) spy.mockRestore();
    expect(said).not.toContain(SECRET);
    const list = await ann.call('GET', `${W}/list?per_page=100`);
    expect(list.text).toContain('f/team/shared');
    expect(list.text).not.toContain(SECRET);
    expect(await listed(ann, '?value=correct')).toEqual([]);
    expect(await listed(ann, '?broad_filter=battery')).toEqual([]);
    for (const TableName of ['catalog', 'jobs']) {
      const { Items } = await api.db.send(new ScanCommand({ TableName }));
      expect(JSON.stringify(Items)).not.toContain(SECRET);
      expect(JSON.stringify(Items)).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 20));
    }
    const audit = await admin.call('GET', '/w/demo/audit/list?per_page=100');
    expect(audit.text).not.toContain(SECRET);
    const told = JSON.parse(audit.text).filter(
      (line: { operation: string }) => line.operation === 'variables.decrypt_secret',
    );
    expect(told[0]).toMatchObject({ username: 'bob', resource: 'f/team/shared', action_kind: 'Execute' });
  });
});

describe('rights', () => {
  beforeAll(async () => {
    for (const path of ['u/ann/mine', 'f/read/x', 'f/own/x', 'f/team/x'])
      await made(ann, path, { value: SECRET, is_secret: true });
  });

  test('reading needs to see the path; who may not is told that there is one by a 403', async () => {
    for (const route of ['get', 'get_value']) {
      expect(await bob.status('GET', `${W}/${route}/f/read/x`)).toBe(200);
      expect(await bob.status('GET', `${W}/${route}/f/own/x`)).toBe(403);
      expect(await bob.status('GET', `${W}/${route}/u/ann/mine`)).toBe(403);
      expect(await bob.status('GET', `${W}/${route}/u/ann/none`)).toBe(404);
      expect(await admin.status('GET', `${W}/${route}/u/ann/mine`)).toBe(200);
    }
    expect(await bob.json('GET', `${W}/exists/f/own/x`)).toBe(false);
    const seen = await listed(bob, '?per_page=100');
    expect(seen).toEqual(expect.arrayContaining(['f/read/x', 'f/team/x']));
    expect(seen.filter((path) => path.startsWith('u/ann/') || path.startsWith('f/own/'))).toEqual([]);
  });

  test('changing needs to write at the path, and at the new one too', async () => {
    for (const path of ['f/read/x', 'f/own/x', 'u/ann/mine']) {
      expect(await bob.status('POST', `${W}/update/${path}`, { value: 'x' })).toBe(403);
      expect(await bob.status('POST', `${W}/update/${path}`, { path: 'u/bob/taken' })).toBe(403);
      expect(await bob.status('DELETE', `${W}/delete/${path}`)).toBe(403);
    }
    for (const path of ['u/ann/new', 'f/read/new', 'f/nowhere/new', 'g/all/new', 'u/nobody/new'])
      expect((await made(bob, path)).status).toBe(path.startsWith('g/all') ? 201 : 403);
    expect(await bob.status('POST', `${W}/update/f/team/x`, { path: 'f/read/moved' })).toBe(403);
    expect(await bob.status('POST', `${W}/update/f/team/x`, { path: 'u/ann/moved' })).toBe(403);
    const both = { paths: ['f/team/x', 'f/read/x'] };
    expect(await bob.status('DELETE', `${W}/delete_bulk`, both)).toBe(403);
    expect(await bob.json('GET', `${W}/exists/f/team/x`)).toBe(true);
    expect(await bob.json('DELETE', `${W}/delete_bulk`, { paths: ['g/all/new', 'g/all/none'] })).toEqual(['g/all/new']);
  });

  test('an operator reads and never writes', async () => {
    expect(await operator.status('GET', `${W}/get_value/f/team/x`)).toBe(200);
    expect((await made(operator, 'u/oliver/x')).status).toBe(403);
    expect(await operator.status('POST', `${W}/update/f/team/x`, { value: 'x' })).toBe(403);
    expect(await operator.status('DELETE', `${W}/delete/f/team/x`)).toBe(403);
  });

  test('its owner shares one variable, and takes that back', async () => {
    const share = (who: Person, write: boolean) =>
      who.status('POST', '/w/demo/acls/add/variable/u/ann/mine', { owner: 'u/bob', write });
    expect(await share(bob, true)).toBe(403);
    expect(await share(ann, false)).toBe(200);
    expect(await bob.json('GET', `${W}/get_value/u/ann/mine`)).toBe(SECRET);
    expect(await bob.status('POST', `${W}/update/u/ann/mine`, { value: 'x' })).toBe(403);
    expect(await share(ann, true)).toBe(200);
    expect(await bob.status('POST', `${W}/update/u/ann/mine`, { description: 'by bob' })).toBe(200);
    expect(await share(bob, true)).toBe(403);
    expect(await ann.json('GET', '/w/demo/acls/get/variable/u/ann/mine')).toEqual({ 'u/bob': true });
    expect(await ann.status('POST', '/w/demo/acls/remove/variable/u/ann/mine', { owner: 'u/bob' })).toBe(200);
    expect(await bob.status('GET', `${W}/get_value/u/ann/mine`)).toBe(403);
    expect(await ann.status('POST', '/w/demo/acls/add/variable/u/ann/none', { owner: 'u/bob' })).toBe(404);
  });
});

describe('a token with scopes', () => {
  test('reads only what its paths cover', async () => {
    const reader = await withScopes(api, ann, ['variables:read:f/read/*']);
    expect(await reader.status('GET', `${W}/get_value/f/read/x`)).toBe(200);
    expect(await reader.status('GET', `${W}/get_value/u/ann/mine`)).toBe(403);
    expect(await reader.status('GET', `${W}/list`)).toBe(403);
    expect((await made(reader, 'f/read/y')).status).toBe(403);
  });

  test('makes, moves and deletes only what its paths cover, wherever the path stands in the request', async () => {
    const writer = await withScopes(api, ann, ['variables:write:f/team/*', 'scripts:write:f/team/*']);
    expect((await made(writer, 'f/team/scoped')).status).toBe(201);
    expect((await made(writer, 'f/own/scoped')).status).toBe(403);
    expect((await made(writer, 'f/team/scoped', { path: undefined })).status).toBe(403);
    expect(await writer.status('POST', `${W}/update/f/team/scoped`, { path: 'f/own/scoped' })).toBe(403);
    expect(await writer.status('POST', `${W}/update/f/own/x`, { path: 'f/team/stolen' })).toBe(403);
    expect(await writer.status('DELETE', `${W}/delete_bulk`, { paths: ['f/team/scoped', 'f/own/x'] })).toBe(403);
    expect(await writer.status('DELETE', `${W}/delete_bulk`, { paths: [] })).toBe(403);
    expect(await writer.json('DELETE', `${W}/delete_bulk`, { paths: ['f/team/scoped'] })).toEqual(['f/team/scoped']);
    const script = (path: string) => ({ path, language: 'bash', content: 'id', summary: '', description: '' });
    expect(await writer.status('POST', '/w/demo/scripts/create', script('f/team/s'))).toBe(201);
    expect(await writer.status('POST', '/w/demo/scripts/create', script('f/own/s'))).toBe(403);
  });

  test('leaves the paths that a body names in the audit log', async () => {
    await made(ann, 'f/own/from');
    await ann.call('POST', `${W}/update/f/own/from`, { path: 'f/own/to' });
    const lines = (await admin.json('GET', '/w/demo/audit/list?per_page=3')).map(
      (line: { operation: string; resource: string }) => `${line.operation} ${line.resource}`,
    );
    expect(lines.sort()).toEqual([
      'variables.create f/own/from',
      'variables.update f/own/from',
      'variables.update f/own/to',
    ]);
  });
});

describe('lists', () => {
  test('are filtered by path, description, plain value and label, and come in pages', async () => {
    for (const [name, description, value] of [
      ['one', 'The Host', 'db.internal'],
      ['two', 'the port', '5432'],
      ['three', '', 'DB.internal'],
    ])
      await made(ann, `u/ann/list/${name}`, { description, value, labels: [`is-${name}`] });
    const at = (query: string) => listed(ann, `?path_start=u/ann/list/&${query}`);
    expect(await at('')).toEqual(['u/ann/list/one', 'u/ann/list/three', 'u/ann/list/two']);
    expect(await at('description=host')).toEqual(['u/ann/list/one']);
    expect(await at('value=db.INTERNAL')).toEqual(['u/ann/list/one', 'u/ann/list/three']);
    expect(await at('broad_filter=PORT')).toEqual(['u/ann/list/two']);
    expect(await at('label=is-two')).toEqual(['u/ann/list/two']);
    expect(await at('per_page=2&page=2')).toEqual(['u/ann/list/two']);
    expect(await listed(ann, '?path=u/ann/list/one')).toEqual(['u/ann/list/one']);
  });

  test('tell the variables that every job has, and give nobody a token', async () => {
    const all = await operator.json('GET', `${W}/list_contextual`);
    expect(all.find(({ name }: { name: string }) => name === 'WM_USERNAME')).toMatchObject({
      value: 'oliver',
      is_custom: false,
    });
    expect(all.find(({ name }: { name: string }) => name === 'WM_TOKEN')).toMatchObject({ value: '' });
  });
});

describe('a text that is encrypted for arguments', () => {
  test('comes as plain text that names its owner and holds nothing of it in clear', async () => {
    const { status, type, text } = await operator.call('POST', `${W}/encrypt`, JSON.stringify(SECRET));
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain' });
    expect(text).toMatch(new RegExp(`^v1e\\.${Buffer.from('u/oliver').toString('base64url')}\\.\\S+$`));
    expect(text).not.toContain(SECRET);
    expect(await ann.status('POST', `${W}/encrypt`, { not: 'a text' })).toBe(400);
  });
});
