import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TokenCatalog } from '../../../shared/aws/catalog-tokens.ts';
import { UserCatalog } from '../../../shared/aws/user-catalog.ts';
import { sha256Hex } from '../../../shared/model/ids.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
let tokens: TokenCatalog;
let count = 0;
/** A workspace of its own for each test, whose only admin is the superadmin. */
let ws: string;

const ok = async (method: string, path: string, body?: unknown, token?: string): Promise<string> => {
  const answer = await api.call(method, path, { body, ...(token === undefined ? {} : { token }) });
  if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text;
};
const call = (method: string, path: string, token: string, body?: unknown) => api.call(method, path, { token, body });

/** A token of a new user, who has no password because hashing one takes long. */
const user = async (name: string): Promise<string> => {
  const email = `${name}@x.io`;
  await ok('POST', '/users/create', { email });
  const token = randomBytes(24).toString('base64url');
  const hash = await sha256Hex(token);
  await tokens.create({ hash, prefix: token.slice(0, 10), email, created_at: Date.now() });
  return token;
};
const member = async (name: string, more: object = {}): Promise<string> => {
  const token = await user(name);
  await ok('POST', `/w/${ws}/workspaces/add_user`, { email: `${name}@x.io`, ...more });
  return token;
};
const fresh = (name: string): string => `${name}${count}`;

beforeAll(async () => {
  api = await startApi();
  tokens = new TokenCatalog(api.db, 'catalog');
});
afterAll(() => api.stop());
beforeEach(async () => {
  count += 1;
  ws = `ws${count}`;
  await ok('POST', '/workspaces/create', { id: ws, name: 'Here' });
});

describe('an invitation', () => {
  test('waits with its invitee, even before he is a user, and makes him a member once, with its role', async () => {
    const [name, email] = [fresh('ann'), `${fresh('ann')}@x.io`];
    const invitation = { workspace_id: ws, email, is_admin: false, operator: true };
    const invited = await api.call('POST', `/w/${ws}/workspaces/invite_user`, { body: { email, operator: true } });
    expect(invited.status).toBe(201);
    expect(await api.json('GET', `/w/${ws}/workspaces/list_pending_invites`)).toEqual([invitation]);
    const ann = await user(name);
    expect(await api.json('GET', '/users/list_invites', { token: ann })).toEqual([invitation]);
    expect((await call('GET', `/w/${ws}/users/whoami`, ann)).status).toBe(403);
    const accept = { workspace_id: ws, username: 'annie' };
    expect((await call('POST', '/users/accept_invite', ann, accept)).status).toBe(200);
    expect(await api.json('GET', `/w/${ws}/users/whoami`, { token: ann })).toMatchObject({
      username: 'annie',
      operator: true,
      is_admin: false,
    });
    expect(await api.json('GET', '/users/list_invites', { token: ann })).toEqual([]);
    expect(await api.json('GET', `/w/${ws}/workspaces/list_pending_invites`)).toEqual([]);
    expect(await call('POST', '/users/accept_invite', ann, accept)).toMatchObject({
      status: 404,
      text: `Not found: you have no invitation into workspace ${ws}`,
    });
  });

  test('of which a second one is sent has the second role', async () => {
    const ann = await user(fresh('ann'));
    for (const is_admin of [false, true])
      await ok('POST', `/w/${ws}/workspaces/invite_user`, { email: `${fresh('ann')}@x.io`, is_admin });
    await ok('POST', '/users/accept_invite', { workspace_id: ws }, ann);
    expect(await api.json('GET', `/w/${ws}/users/whoami`, { token: ann })).toMatchObject({
      username: fresh('ann'),
      is_admin: true,
    });
  });

  test('accepted twice at once makes one member', async () => {
    const ann = await user(fresh('ann'));
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email: `${fresh('ann')}@x.io` });
    const answers = await Promise.all(
      ['a', 'b'].map((username) => call('POST', '/users/accept_invite', ann, { workspace_id: ws, username })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(await api.json('GET', `/w/${ws}/users/list_usernames`)).toHaveLength(2);
  });

  test('is declined by its invitee or withdrawn by an admin, and then is nothing', async () => {
    const email = `${fresh('ann')}@x.io`;
    const ann = await user(fresh('ann'));
    for (const end of [
      () => call('POST', '/users/decline_invite', ann, { workspace_id: ws }),
      () =>
        api.call('POST', `/w/${ws}/workspaces/delete_invite`, { body: { email, is_admin: false, operator: false } }),
    ]) {
      await ok('POST', `/w/${ws}/workspaces/invite_user`, { email });
      expect((await end()).status).toBe(200);
      expect((await end()).status).toBe(404);
      expect((await call('POST', '/users/accept_invite', ann, { workspace_id: ws })).status).toBe(404);
      expect(await api.json('GET', `/w/${ws}/workspaces/list_pending_invites`)).toEqual([]);
    }
  });

  test('is for nobody who is a member, and none is left of one when its invitee is added', async () => {
    const [ann, email] = [await user(fresh('ann')), `${fresh('ann')}@x.io`];
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email, is_admin: true });
    await ok('POST', `/w/${ws}/workspaces/add_user`, { email });
    expect(await api.json('GET', '/users/list_invites', { token: ann })).toEqual([]);
    const refused = await api.call('POST', `/w/${ws}/workspaces/invite_user`, { body: { email } });
    expect(refused).toMatchObject({ status: 400, text: `${email} is a member of workspace ${ws} already` });
  });

  test('does not let anybody take up the name of somebody who left, with what still names it', async () => {
    const [left, came] = [fresh('lena'), fresh('nora')];
    await member(left);
    const nora = await user(came);
    await ok('DELETE', `/w/${ws}/users/delete/${left}`);
    const accept = (token: string, username: string) =>
      call('POST', '/users/accept_invite', token, { workspace_id: ws, username });
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email: `${came}@x.io`, is_admin: false, operator: false });
    expect(await accept(nora, left)).toMatchObject({ status: 400, text: expect.stringContaining('is taken') });
    expect((await accept(nora, came)).status).toBe(200);
  });

  test('into an archived workspace, or under a name that is taken, is not accepted yet', async () => {
    const ann = await user(fresh('ann'));
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email: `${fresh('ann')}@x.io` });
    const taken = await call('POST', '/users/accept_invite', ann, { workspace_id: ws, username: 'admin' });
    expect(taken).toMatchObject({ status: 400, text: expect.stringContaining('body username: admin is taken') });
    await ok('POST', `/w/${ws}/workspaces/archive`);
    const archived = await call('POST', '/users/accept_invite', ann, { workspace_id: ws });
    expect(archived).toMatchObject({ status: 400, text: expect.stringContaining('archived') });
    await ok('POST', `/workspaces/unarchive/${ws}`);
    expect((await call('POST', '/users/accept_invite', ann, { workspace_id: ws })).status).toBe(200);
  });

  test('is sent, listed and withdrawn by admins only, and nobody accepts another’s', async () => {
    const dev = await member(fresh('dev'));
    const email = `${fresh('ann')}@x.io`;
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email });
    expect((await call('POST', `/w/${ws}/workspaces/invite_user`, dev, { email: 'x@x.io' })).status).toBe(403);
    expect((await call('GET', `/w/${ws}/workspaces/list_pending_invites`, dev)).status).toBe(403);
    expect((await call('POST', `/w/${ws}/workspaces/delete_invite`, dev, { email })).status).toBe(403);
    expect((await call('POST', '/users/accept_invite', await user(fresh('eve')), { workspace_id: ws })).status).toBe(
      404,
    );
    expect(await api.json('GET', `/w/${ws}/workspaces/list_pending_invites`)).toHaveLength(1);
  });

  test.each([
    ['/w/WS/workspaces/invite_user', { email: 'nobody' }, 'body email'],
    ['/w/WS/workspaces/invite_user', { email: 'a@x.io', is_admin: 'yes' }, 'body is_admin'],
    ['/w/WS/workspaces/delete_invite', {}, 'body email'],
    ['/users/accept_invite', { workspace_id: 'a/b' }, 'body workspace_id'],
    ['/users/accept_invite', { workspace_id: 'demo', username: 'a b' }, 'body username'],
    ['/users/decline_invite', {}, 'body workspace_id'],
  ])('POST %s with %j is a 400 that names the field', async (path, body, field) => {
    const refused = await api.call('POST', path.replace('WS', ws), { body });
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining(field) });
  });
});

describe('the last admin of a workspace', () => {
  const change = (who: string, as: string, body: object) => call('POST', `/w/${ws}/users/update/${who}`, as, body);

  test('can neither be demoted nor disabled nor removed, and cannot leave; with a second one he can', async () => {
    const [boss, name] = [await member(fresh('boss'), { is_admin: true }), fresh('boss')];
    await ok('DELETE', `/w/${ws}/users/delete/admin`, undefined, boss);
    const told = { status: 400, text: expect.stringContaining(`${name} is the last admin of workspace ${ws}`) };
    expect(await change(name, boss, { is_admin: false })).toMatchObject(told);
    expect(await change(name, boss, { disabled: true })).toMatchObject(told);
    expect(await call('DELETE', `/w/${ws}/users/delete/${name}`, boss)).toMatchObject(told);
    expect(await call('POST', `/w/${ws}/workspaces/leave`, boss)).toMatchObject(told);
    expect(await call('POST', '/users/leave_instance', boss)).toMatchObject(told);
    expect(await change(name, boss, { operator: true })).toMatchObject({ status: 200 });
    await member(fresh('second'), { is_admin: true });
    expect(await call('POST', `/w/${ws}/workspaces/leave`, boss)).toMatchObject({ status: 200 });
    expect(await api.json('GET', `/w/${ws}/users/list_usernames`)).toEqual([fresh('second')]);
  });

  test('stays when the only other one is disabled, or goes at the same moment', async () => {
    const [a, b] = [await member(fresh('a'), { is_admin: true }), await member(fresh('b'), { is_admin: true })];
    await ok('DELETE', `/w/${ws}/users/delete/admin`);
    await ok('POST', `/w/${ws}/users/update/${fresh('b')}`, { disabled: true });
    expect((await change(fresh('a'), a, { is_admin: false })).status).toBe(400);
    await ok('POST', `/w/${ws}/users/update/${fresh('b')}`, { disabled: false });
    const both = await Promise.all([a, b].map((token) => call('POST', `/w/${ws}/workspaces/leave`, token)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  test('is removed by a superadmin, who administers the workspace without him', async () => {
    await ok('POST', `/w/${ws}/users/update/admin`, { is_admin: false });
    await ok('DELETE', `/w/${ws}/users/delete/admin`);
    expect(await api.json('GET', `/w/${ws}/users/list`)).toEqual([]);
  });
});

describe('leaving', () => {
  test('a workspace takes all groups and grants along, and is an operator’s right too', async () => {
    const op = await member(fresh('op'), { operator: true });
    await ok('POST', `/w/${ws}/groups/create`, { name: 'crew' });
    await ok('POST', `/w/${ws}/groups/adduser/crew`, { username: fresh('op') });
    expect((await call('POST', `/w/${ws}/workspaces/leave`, op)).status).toBe(200);
    expect((await call('GET', `/w/${ws}/users/whoami`, op)).status).toBe(403);
    expect((await api.json('GET', `/w/${ws}/groups/get/crew`)).members).toEqual(['admin']);
    expect((await call('POST', `/w/${ws}/workspaces/leave`, op)).status).toBe(404);
  });

  test('the instance ends tokens and invitations for good, also for the next user of that email', async () => {
    const [name, email] = [fresh('ann'), `${fresh('ann')}@x.io`];
    const ann = await member(name);
    await ok('POST', '/workspaces/create', { id: fresh('other'), name: 'There' });
    await ok('POST', `/w/${fresh('other')}/workspaces/invite_user`, { email });
    expect((await call('POST', '/users/leave_instance', ann)).status).toBe(200);
    const next = await user(name);
    expect((await call('GET', `/w/${ws}/users/whoami`, next)).status).toBe(403);
    expect(await api.json('GET', '/users/list_invites', { token: next })).toEqual([]);
    expect(await api.json('GET', '/users/tokens/list', { token: next })).toHaveLength(1);
  });

  test('with a limited token is refused', async () => {
    const dev = await member(fresh('dev'));
    const limited = await ok('POST', '/users/tokens/create', { read_only: true }, dev);
    expect((await call('POST', `/w/${ws}/workspaces/leave`, limited)).status).toBe(403);
    expect((await call('POST', '/users/leave_instance', limited)).status).toBe(403);
  });
});

describe('the last superadmin', () => {
  const admin = 'admin@millrace.dev';
  test('cannot be demoted or disabled, and cannot leave, until there is another', async () => {
    const told = { status: 400, text: expect.stringContaining(`${admin} is the last superadmin`) };
    for (const body of [{ is_super_admin: false }, { disabled: true }])
      expect(await api.call('POST', `/users/update/${admin}`, { body })).toMatchObject(told);
    expect(await api.call('POST', '/users/leave_instance')).toMatchObject(told);
    const users = new UserCatalog(api.db, 'catalog');
    const [a, b] = [`${fresh('a')}@x.io`, `${fresh('b')}@x.io`];
    for (const email of [a, b])
      await users.create({ email, username: 'root', super_admin: true, created_at: Date.now() });
    const all = [admin, a, b];
    const gone = await Promise.all(all.map((email) => users.change(email, { super_admin: false })));
    expect(gone.sort()).toEqual(['changed', 'changed', 'last superadmin']);
    for (const email of all) await users.change(email, { super_admin: email === admin });
    expect(await users.isLastSuperadmin(admin)).toBe(true);
  });
});

describe('names', () => {
  test('of a user in all workspaces are told to superadmins', async () => {
    const ann = await member(fresh('ann'), { username: 'annie' });
    const path = `/users/username_info/${fresh('ann')}@x.io`;
    const workspace_usernames = [{ workspace_id: ws, username: 'annie' }];
    expect(await api.json('GET', path)).toEqual({ username: fresh('ann'), workspace_usernames });
    expect((await call('GET', path, ann)).status).toBe(403);
    expect((await api.call('GET', '/users/username_info/nobody@x.io')).status).toBe(404);
  });

  test('that are taken are told to members and invitees, and to nobody else', async () => {
    const [ann, eve] = [await user(fresh('ann')), await user(fresh('eve'))];
    await ok('POST', `/w/${ws}/workspaces/invite_user`, { email: `${fresh('ann')}@x.io` });
    const taken = (token: string, username: string) =>
      call('POST', '/workspaces/exists_username', token, { id: ws, username });
    expect(await taken(ann, 'admin')).toMatchObject({ status: 200, text: 'true' });
    expect(await taken(ann, 'annie')).toMatchObject({ status: 200, text: 'false' });
    expect((await taken(eve, 'admin')).status).toBe(404);
    expect(await taken(eve, 'a b')).toMatchObject({ status: 400, text: expect.stringContaining('body username') });
  });

  test('of users who can be added are told to admins, by a part of email or name', async () => {
    const [boss, dev] = [await member(fresh('boss'), { is_admin: true }), await member(fresh('dev'))];
    await user(fresh('newcomer'));
    const path = `/w/${ws}/users/list_addable?search=${fresh('NEWCOMER')}`;
    const newcomer = { email: `${fresh('newcomer')}@x.io`, username: fresh('newcomer') };
    expect(await api.json('GET', path, { token: boss })).toEqual([newcomer]);
    expect(await api.json('GET', `/w/${ws}/users/list_addable?search=${fresh('dev')}`)).toEqual([]);
    expect((await call('GET', path, dev)).status).toBe(403);
    const refused = await call('GET', `/w/${ws}/users/list_addable?per_page=0`, boss);
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('query per_page') });
  });
});

describe('a workspace', () => {
  test('is named anew by an admin', async () => {
    const dev = await member(fresh('dev'));
    const path = `/w/${ws}/workspaces/change_workspace_name`;
    await ok('POST', path, { new_name: 'Elsewhere' });
    expect(await ok('GET', `/w/${ws}/workspaces/get_workspace_name`)).toBe('Elsewhere');
    expect((await call('POST', path, dev, { new_name: 'Mine' })).status).toBe(403);
    expect(await api.call('POST', path, { body: {} })).toMatchObject({
      status: 400,
      text: expect.stringContaining('body new_name'),
    });
  });

  test('that is archived is in no list but that of superadmins, flagged', async () => {
    const dev = await member(fresh('dev'));
    await ok('POST', `/w/${ws}/workspaces/archive`);
    const flagged = expect.objectContaining({ id: ws, deleted: true });
    const named = expect.objectContaining({ id: ws });
    expect(await api.json('GET', '/workspaces/list')).toContainEqual(flagged);
    expect(await api.json('GET', '/workspaces/list_as_superadmin?per_page=100')).toContainEqual(flagged);
    expect((await api.json('GET', '/workspaces/users')).workspaces).not.toContainEqual(named);
    expect(await api.json('GET', '/workspaces/list', { token: dev })).toEqual([]);
    expect((await api.json('GET', '/workspaces/users', { token: dev })).workspaces).toEqual([]);
    expect((await call('GET', '/workspaces/list_as_superadmin', dev)).status).toBe(403);
    await ok('POST', `/workspaces/unarchive/${ws}`);
    expect(await api.json('GET', '/workspaces/list', { token: dev })).toEqual([
      { id: ws, name: 'Here', owner: 'admin@millrace.dev' },
    ]);
    expect((await api.call('POST', '/workspaces/unarchive/nowhere')).status).toBe(404);
  });
});
