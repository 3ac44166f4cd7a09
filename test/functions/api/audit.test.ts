import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TokenCatalog } from '../../../shared/aws/catalog-tokens.ts';
import { sha256Hex } from '../../../shared/model/ids.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
const people = new Map<string, string>();
const of = (name: string) => ({ token: people.get(name) ?? '' });

type Line = {
  id: number;
  workspace_id: string;
  username: string;
  operation: string;
  resource?: string;
  parameters: Record<string, string>;
};
const lines = (query = '', ws = 'demo', who = {}): Promise<Line[]> =>
  api.json('GET', `/w/${ws}/audit/list${query}`, who);
const post = async (path: string, body: object, who: { token?: string } = {}): Promise<void> => {
  const answer = await api.call('POST', path, { body, ...who });
  if (answer.status > 299) throw new Error(`${path}: ${answer.status} ${answer.text}`);
};

const member = async (name: string, more: object = {}): Promise<void> => {
  const email = `${name}@x.io`;
  const token = randomBytes(24).toString('base64url');
  await post('/users/create', { email });
  await post('/w/demo/workspaces/add_user', { email, ...more });
  const hash = await sha256Hex(token);
  await new TokenCatalog(api.db, 'catalog').create({ hash, prefix: token.slice(0, 10), email, created_at: Date.now() });
  people.set(name, token);
};

beforeAll(async () => {
  api = await startApi();
  for (const id of ['admins', 'demo', 'other']) await post('/workspaces/create', { id, name: id });
  for (const name of ['ann', 'bob']) await member(name);
  await member('boss', { is_admin: true });
  await post('/w/demo/groups/create', { name: 'crew' }, of('ann'));
  await post('/w/demo/groups/adduser/crew', { username: 'bob' }, of('ann'));
  await post('/w/demo/acls/add/group_/crew', { owner: 'u/bob', write: false }, of('ann'));
  await post('/w/demo/groups/removeuser/crew', { username: 'bob' }, of('ann'));
  await post('/w/demo/folders/create', { name: 'tools' }, of('ann'));
  await post('/w/demo/folders/addowner/tools', { owner: 'g/crew' }, of('ann'));
  await post('/w/other/groups/create', { name: 'crew' });
});
afterAll(() => api.stop());

describe('the audit log', () => {
  test('is narrowed by operations, those left out, and how operation or resource begins', async () => {
    const operations = async (query: string): Promise<string[]> => {
      const found: string[] = (await lines(query)).map(({ operation }) => operation);
      return found.sort((a, b) => a.localeCompare(b));
    };
    expect(await operations('?operations=groups.create,folders.create')).toEqual(['folders.create', 'groups.create']);
    const rest = await operations('?exclude_operations=groups.create,acls.add,workspaces.add_user');
    expect(rest).toEqual(['folders.addowner', 'folders.create', 'groups.adduser', 'groups.removeuser']);
    expect(await operations('?operation=folders.')).toEqual(['folders.addowner', 'folders.create']);
    expect(await operations('?resource=too')).toEqual(['folders.addowner', 'folders.create']);
    expect(await operations('?action_kind=Create')).toEqual(await operations('?action_kind=Created'));
  });

  test('is read on from a line', async () => {
    const all = await lines();
    const read: number[] = [];
    for (let batch = await lines('?per_page=3'); batch.length > 0; ) {
      read.push(...batch.map(({ id }) => id));
      batch = await lines(`?per_page=3&before_id=${read.at(-1)}`);
    }
    expect(read).toEqual(all.map(({ id }) => id));
  });

  test('shows one line to whoever sees it in the list, and to nobody else', async () => {
    const [line] = await lines('?operation=groups.create');
    const get = (id: unknown, who = {}, ws = 'demo') => api.call('GET', `/w/${ws}/audit/get/${id}`, who);
    expect(JSON.parse((await get(line?.id, of('ann'))).text)).toEqual(line);
    expect(line).toMatchObject({ username: 'ann', resource: 'crew', workspace_id: 'demo' });
    expect((await get(line?.id)).status).toBe(200);
    expect((await get(line?.id, of('bob'))).status).toBe(404);
    expect((await get(line?.id, {}, 'other')).status).toBe(404);
    expect(await get('first')).toMatchObject({ status: 400, text: expect.stringContaining('path id') });
  });

  test('of all workspaces is read by superadmins in the workspace admins', async () => {
    const all = await lines('?all_workspaces=true&operation=groups.create', 'admins');
    expect(all.map(({ workspace_id }) => workspace_id)).toEqual(['other', 'demo']);
    const elsewhere = await api.call('GET', '/w/demo/audit/list?all_workspaces=true');
    expect(elsewhere).toMatchObject({ status: 400, text: expect.stringContaining('query all_workspaces') });
    await post('/w/admins/workspaces/add_user', { email: 'boss@x.io', is_admin: true });
    const path = '/w/admins/audit/list?all_workspaces=true';
    expect((await api.call('GET', path, of('boss'))).status).toBe(403);
    const { text: token } = await api.call('POST', '/users/tokens/create', { body: { workspace_id: 'admins' } });
    expect((await api.call('GET', path, { token })).status).toBe(403);
  });

  test('tells in the workspace itself who joined it', async () => {
    await post('/w/other/workspaces/invite_user', { email: 'bob@x.io' });
    await post('/users/accept_invite', { workspace_id: 'other' }, of('bob'));
    const joined = (await lines('?resource=bob@x.io', 'other')).map(({ operation }) => operation);
    expect(joined).toEqual(['users.accept_invite', 'workspaces.invite_user']);
  });

  test.each(['before_id=now', 'all_workspaces=maybe', 'action_kind=Fly'])('refuses ?%s by name', async (query) => {
    const refused = await api.call('GET', `/w/demo/audit/list?${query}`);
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining(`query ${query.split('=')[0]}`) });
  });
});

describe('the history', () => {
  const history = (path: string, who = {}) => api.json('GET', `/w/demo/${path}`, who);

  test('of a group tells its manager who was added and removed by whom, and nothing of other groups', async () => {
    const found = await history('groups_history/get/crew', of('ann'));
    expect(
      found.map((line: Record<string, unknown>) => [line.change_type, line.changed_by, line.member_affected]),
    ).toEqual([
      ['groups.removeuser', 'ann', 'bob'],
      ['acls.add', 'ann', 'u/bob'],
      ['groups.adduser', 'ann', 'bob'],
      ['groups.create', 'ann', null],
    ]);
    expect(await history('groups_history/get/crew?per_page=1&page=4', of('ann'))).toEqual(found.slice(3));
    expect(found[0].id).toBe((await lines('?operation=groups.removeuser'))[0]?.id);
  });

  test('of a folder tells its owner who may do what since when', async () => {
    expect(await history('folders_history/get/tools', of('ann'))).toMatchObject([
      { change_type: 'folders.addowner', affected: 'g/crew', changed_by: 'ann' },
      { change_type: 'folders.create', affected: null },
    ]);
  });

  test('is not for others, and once the thing is deleted for admins only', async () => {
    const status = async (path: string, name: string) => (await api.call('GET', `/w/demo/${path}`, of(name))).status;
    expect(await status('groups_history/get/crew', 'bob')).toBe(403);
    expect(await status('folders_history/get/tools', 'bob')).toBe(403);
    expect(await status('groups_history/get/a%20b', 'ann')).toBe(400);
    for (const [room, name] of [
      ['groups', 'crew'],
      ['folders', 'tools'],
    ]) {
      expect((await api.call('DELETE', `/w/demo/${room}/delete/${name}`, of('ann'))).status).toBe(200);
      expect(await status(`${room}_history/get/${name}`, 'ann')).toBe(404);
      expect((await history(`${room}_history/get/${name}`, of('boss')))[0]).toMatchObject({
        change_type: `${room}.delete`,
      });
    }
  });
});
