import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ed25519AttemptTokens, publicKeyOf, signingKey } from '../../../shared/aws/attempt-tokens.ts';
import { TokenCatalog } from '../../../shared/aws/catalog-tokens.ts';
import { InstanceStore } from '../../../shared/aws/instance.ts';
import { UserCatalog } from '../../../shared/aws/user-catalog.ts';
import { type Api, startApi } from '../../support/api.ts';
import { aJob } from '../../support/stores.ts';
import { type Actor, byText, type Call, World } from './rights-model.ts';

const USERS = ['ann', 'bob', 'cem', 'oli'];
const GROUPS = ['ops', 'dev'];
const FOLDERS = ['a', 'ab'];
const PATHS = ['f/a/x', 'f/ab/x', 'g/ops/x', 'u/bob/x'];
const RUNS = 20;
const SEED = 20_261_124;

const key = signingKey('of the tests');
let api: Api;
let workspaces = 0;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const tokenOf = (name: string): string => `token-of-the-tests-of-${name}`;
const PEOPLE: Actor[] = [
  ...USERS.map((name) => ({ name, as: `u/${name}`, token: tokenOf(name) })),
  { name: 'ann, read-only', as: 'u/ann', token: tokenOf('ann-reads'), limit: 'read-only' },
  { name: 'ann, scripts of f/a', as: 'u/ann', token: tokenOf('ann-scripts'), limit: 'scripts of f/a' },
];

beforeAll(async () => {
  api = await startApi();
  await new InstanceStore(api.db, 'catalog').write({ base_url: 'http://localhost', public_keys: [publicKeyOf(key)] });
  const users = new UserCatalog(api.db, 'catalog');
  for (const username of USERS)
    await users.create({ email: `${username}@x.io`, username, super_admin: false, created_at: 0 });
  const tokens = new TokenCatalog(api.db, 'catalog');
  for (const { as, token, limit } of PEOPLE)
    await tokens.create({
      hash: sha256(token),
      prefix: sha256(token).slice(0, 10),
      email: `${as.slice(2)}@x.io`,
      created_at: 0,
      ...(limit === 'read-only' ? { read_only: true } : {}),
      ...(limit === 'scripts of f/a' ? { scopes: ['scripts:write:f/a/*'] } : {}),
    });
});
afterAll(() => api.stop());

/** Two jobs that Bob launched and that go on running: one as himself, one as a group. */
const jobsIn = async (workspace: string): Promise<Actor[]> => {
  const signer = new Ed25519AttemptTokens(() => Promise.resolve(key));
  return Promise.all(
    ['u/bob', 'g/ops'].map(async (as, index) => {
      const id = `0196a5f0-0000-7000-8000-00000000000${index}`;
      const owner = { created_by: 'bob', permissioned_as: as, email: 'bob@x.io' };
      const job = aJob({ id, workspace, ...owner, status: 'running', attempt: 1, timeout_s: 600 });
      await api.jobs.create(job);
      return { name: `a job as ${as}`, as, token: await signer.jobToken(job, Date.now()) };
    }),
  );
};

/** A new workspace and its model: Ann is an admin, Oli an operator. */
const begin = async (): Promise<{ workspace: string; world: World; actors: Actor[] }> => {
  workspaces += 1;
  const workspace = `ws${workspaces}`;
  await api.call('POST', '/workspaces/create', { body: { id: workspace, name: workspace } });
  const world = new World();
  for (const user of USERS) {
    const what = { is_admin: user === 'ann', operator: user === 'oli' };
    const body = { email: `${user}@x.io`, username: user, ...what };
    await api.call('POST', `/w/${workspace}/workspaces/add_user`, { body });
    world.members.set(user, { ...what, disabled: false });
  }
  return { workspace, world, actors: [...PEOPLE, ...(await jobsIn(workspace))] };
};

const scriptAt = (path: string) => ({ path, language: 'bash', content: 'true', summary: '' });

const request = (call: Call): [method: string, path: string, body?: object] => {
  switch (call.does) {
    case 'update user':
      return ['POST', `users/update/${call.user}`, call.change];
    case 'add user':
      return ['POST', 'workspaces/add_user', { email: `${call.user}@x.io`, username: call.user }];
    case 'delete user':
      return ['DELETE', `users/delete/${call.user}`];
    case 'create group':
      return ['POST', 'groups/create', { name: call.group }];
    case 'delete group':
      return ['DELETE', `groups/delete/${call.group}`];
    case 'join group':
      return ['POST', `groups/adduser/${call.group}`, { username: call.user }];
    case 'leave group':
      return ['POST', `groups/removeuser/${call.group}`, { username: call.user }];
    case 'create folder':
      return ['POST', 'folders/create', { name: call.folder }];
    case 'delete folder':
      return ['DELETE', `folders/delete/${call.folder}`];
    case 'add owner':
      return ['POST', `folders/addowner/${call.folder}`, { owner: call.grantee }];
    case 'remove owner':
      return ['POST', `folders/removeowner/${call.folder}`, { owner: call.grantee }];
    case 'grant':
      return ['POST', `acls/add/${call.kind}/${call.path}`, { owner: call.grantee, write: call.write }];
    case 'revoke':
      return ['POST', `acls/remove/${call.kind}/${call.path}`, { owner: call.grantee }];
    case 'create script':
      return ['POST', 'scripts/create', scriptAt(call.path)];
    case 'delete script':
      return ['POST', `scripts/delete/p/${call.path}`];
  }
};

const user = fc.constantFrom(...USERS);
const group = fc.constantFrom(...GROUPS);
const folder = fc.constantFrom(...FOLDERS);
const path = fc.constantFrom(...PATHS);
const grantee = fc.constantFrom('u/bob', 'u/cem', 'u/oli', 'g/ops', 'g/dev', 'g/all');
const thing = fc.oneof(
  fc.record({ kind: fc.constant('script' as const), path }),
  fc.record({ kind: fc.constant('folder' as const), path: folder }),
  fc.record({ kind: fc.constant('group_' as const), path: group }),
);
const does = <D extends Call['does']>(...names: D[]) => fc.constantFrom(...names);
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    does: does('update user'),
    user,
    change: fc.oneof(
      fc.record({ is_admin: fc.boolean() }),
      fc.record({ operator: fc.boolean() }),
      fc.record({ disabled: fc.boolean() }),
    ),
  }),
  fc.record({ does: does('add user', 'delete user'), user }),
  { weight: 2, arbitrary: fc.record({ does: does('create group', 'create group', 'delete group'), group }) },
  { weight: 2, arbitrary: fc.record({ does: does('join group', 'join group', 'leave group'), group, user }) },
  { weight: 2, arbitrary: fc.record({ does: does('create folder', 'create folder', 'delete folder'), folder }) },
  fc.record({ does: does('add owner', 'remove owner'), folder, grantee }),
  {
    weight: 3,
    arbitrary: fc
      .tuple(thing, grantee, fc.boolean())
      .map(([what, who, write]): Call => ({ does: 'grant', ...what, grantee: who, write })),
  },
  fc.tuple(thing, grantee).map(([what, who]): Call => ({ does: 'revoke', ...what, grantee: who })),
  { weight: 3, arbitrary: fc.record({ does: does('create script', 'create script', 'delete script'), path }) },
);
/** Whose turn it is: Ann's as often as all others', or little would ever be allowed. */
const turn = fc.oneof(fc.constant(0), fc.nat({ max: PEOPLE.length + 1 }));

/** What everybody can see at all, and do at one path, is what the model says. */
const compare = async (workspace: string, world: World, actors: Actor[], at: string): Promise<void> => {
  const told = await Promise.all(
    actors.map(async (actor) => {
      const { token } = actor;
      const list = await api.call('GET', `/w/${workspace}/scripts/list_paths`, { token });
      const read = await api.call('GET', `/w/${workspace}/scripts/get/p/${at}`, { token });
      const write = await api.call('POST', `/w/${workspace}/scripts/create`, {
        token,
        body: { ...scriptAt(at), parent_hash: '0'.repeat(16) },
      });
      return {
        actor: actor.name,
        at,
        list: list.status === 200 ? JSON.parse(list.text).toSorted(byText) : 'refused',
        read: read.status === 200,
        // With a parent that never was: whoever may write is told about that.
        write: write.status === 400,
      };
    }),
  );
  const expected = actors.map((actor) => ({
    actor: actor.name,
    at,
    list: world.readable(actor),
    read: world.scripts.has(at) && world.mayRead(actor, at),
    write: world.mayWrite(actor, at),
  }));
  expect(told).toEqual(expected);
};

const compareRuns = async (workspace: string, world: World, actors: Actor[]): Promise<void> => {
  for (const at of world.scripts.keys()) {
    const body = { kind: 'script', path: at };
    const told = await Promise.all(
      actors.map(async ({ name, token }) => [
        name,
        at,
        (await api.call('POST', `/w/${workspace}/jobs/add_batch_jobs/1`, { token, body })).status === 201,
      ]),
    );
    expect(told).toEqual(actors.map((actor) => [actor.name, at, world.mayRun(actor, at)]));
  }
};

test('nobody gets by its name what a group or folder that is gone had, but an admin may give it again', async () => {
  const { workspace, actors } = await begin();
  const [ann, bob, cem] = actors;
  const ask = async (who: Actor | undefined, method: string, to: string, body?: object): Promise<number> =>
    (await api.call(method, `/w/${workspace}/${to}`, { token: who?.token ?? null, ...(body && { body }) })).status;
  expect(await ask(cem, 'POST', 'folders/create', { name: 'a', extra_perms: { 'g/ops': true } })).toBe(200);
  expect(await ask(cem, 'POST', 'groups/create', { name: 'ops' })).toBe(200);
  for (const at of ['f/a/x', 'g/ops/x']) expect(await ask(cem, 'POST', 'scripts/create', scriptAt(at))).toBe(201);
  expect(await ask(cem, 'DELETE', 'groups/delete/ops')).toBe(200);
  expect(await ask(bob, 'POST', 'groups/create', { name: 'ops' })).toBe(403);
  expect(await ask(cem, 'DELETE', 'folders/delete/a')).toBe(200);
  expect(await ask(bob, 'POST', 'folders/create', { name: 'a' })).toBe(403);
  for (const at of ['f/a/x', 'g/ops/x']) expect(await ask(bob, 'GET', `scripts/get/p/${at}`)).toBe(403);
  for (const [room, name] of [
    ['groups', 'ops'],
    ['folders', 'a'],
  ])
    expect(await ask(ann, 'POST', `${room}/create`, { name })).toBe(200);
  expect(await ask(bob, 'POST', 'groups/create', { name: 'ops' })).toBe(400);
});

test(`${RUNS} random sequences of calls leave everybody with the rights that a simple model gives, after each call`, {
  timeout: 90_000,
}, async () => {
  let allowed = 0;
  const sequence = fc.array(fc.tuple(turn, call, path), { minLength: 10, maxLength: 14 });
  const property = fc.asyncProperty(sequence, async (steps) => {
    const { workspace, world, actors } = await begin();
    for (const [whose, made, at] of steps) {
      const actor = actors[whose] ?? actors[0]!;
      const [method, to, body] = request(made);
      const answer = await api.call(method, `/w/${workspace}/${to}`, { token: actor.token, ...(body && { body }) });
      const expected = world.call(actor, made);
      expect([actor.name, made, answer.status < 300, answer.text]).toEqual([actor.name, made, expected, answer.text]);
      expect(answer.status).toBeLessThan(500);
      allowed += Number(expected);
      await compare(workspace, world, actors, at);
    }
    await compareRuns(workspace, world, actors);
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
  // Sequences in which nothing is ever allowed would prove nothing.
  expect(allowed).toBeGreaterThan(RUNS * 3);
});
