import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mayRead, mayWrite, owns } from '../../../shared/access/item-rights.ts';
import { maySeeJob } from '../../../shared/access/job-visibility.ts';
import { mayActAs, type Standing, standingOf } from '../../../shared/access/standing.ts';
import type { Folder, Group, Member, Roster } from '../../../shared/model/roster.ts';

const USERS = ['ann', 'bob', 'cem'];
const GROUPS = ['ops', 'dev'];
const FOLDERS = ['a', 'ab'];

const grantee = fc.constantFrom(...USERS.map((name) => `u/${name}`), ...GROUPS.map((name) => `g/${name}`), 'g/all');
const grants = fc.dictionary(grantee, fc.boolean(), { maxKeys: 3 });
const member = (username: string): fc.Arbitrary<Member> =>
  fc.record({
    username: fc.constant(username),
    email: fc.constant(`${username}@x.io`),
    is_admin: fc.boolean(),
    operator: fc.boolean(),
    disabled: fc.boolean(),
    created_at: fc.constant(0),
  });
const group = (name: string): fc.Arbitrary<Group> =>
  fc.record({
    name: fc.constant(name),
    summary: fc.constant(''),
    members: fc.subarray(USERS),
    extra_perms: fc.constant({}),
  });
const folder = (name: string): fc.Arbitrary<Folder> =>
  fc.record({
    name: fc.constant(name),
    summary: fc.constant(''),
    owners: fc.uniqueArray(grantee, { maxLength: 2 }),
    extra_perms: grants,
    created_by: fc.constant('ann'),
    edited_at: fc.constant(0),
  });
const someOf = <T extends { name: string } | { username: string }>(all: fc.Arbitrary<T>[]) =>
  fc.tuple(...all.map((one) => fc.option(one, { nil: undefined }))).map((found) => {
    const there = found.filter((one) => one !== undefined);
    return new Map(there.map((one) => ['username' in one ? one.username : one.name, one]));
  });
const roster: fc.Arbitrary<Roster> = fc.record({
  workspace: fc.constant('demo'),
  archived: fc.constant(false),
  members: someOf(USERS.map(member)),
  groups: someOf(GROUPS.map(group)),
  folders: someOf(FOLDERS.map(folder)),
});
const user = fc.constantFrom(...USERS);
const path = fc.constantFrom(...USERS.map((name) => `u/${name}/x`), 'g/ops/x', 'f/a/x', 'f/ab/x', 'f/gone/x', 'x/a/x');

const asUser = (given: Roster, name: string): Standing | undefined =>
  standingOf(given, { is: 'member', email: `${name}@x.io`, super_admin: false });

/** The same question answered the long way round, straight from the grants. */
const naiveWrite = (given: Roster, name: string, at: string, extra: Record<string, boolean>): boolean => {
  const who = given.members.get(name);
  if (who === undefined || who.disabled) return false;
  if (who.is_admin) return true;
  if (who.operator) return false;
  const names = new Set([`u/${name}`, 'g/all']);
  for (const one of given.groups.values()) if (one.members.includes(name)) names.add(`g/${one.name}`);
  const [kind = '', room = ''] = at.split('/');
  if ((kind === 'u' || kind === 'g') && names.has(`${kind}/${room}`)) return true;
  const inFolder = kind === 'f' ? given.folders.get(room) : undefined;
  const given_ = [...names].some((one) => inFolder?.owners.includes(one) || inFolder?.extra_perms[one] === true);
  return given_ || [...names].some((one) => extra[one] === true);
};

describe('what somebody is in a workspace', () => {
  test('nobody writes but whom a grant, a group, a path of his own or being admin lets', () => {
    fc.assert(
      fc.property(roster, user, path, grants, (given, name, at, extra) => {
        const standing = asUser(given, name);
        const may = standing !== undefined && mayWrite(standing, at, extra);
        expect(may).toBe(naiveWrite(given, name, at, extra));
      }),
      { numRuns: 2_000 },
    );
  });

  test('acting as a group never gives more than its member has', () => {
    fc.assert(
      fc.property(roster, user, fc.constantFrom(...GROUPS), path, grants, (given, name, as, at, extra) => {
        const own = asUser(given, name);
        if (own === undefined || own.operator || !mayActAs(own, `g/${as}`)) return;
        const asGroup = standingOf(given, {
          is: 'job',
          permissioned_as: `g/${as}`,
          email: own.email,
          super_admin: true,
        });
        if (asGroup === undefined) return;
        expect(mayWrite(asGroup, at, extra) && !mayWrite(own, at, extra)).toBe(false);
        expect(mayRead(asGroup, at, extra) && !mayRead(own, at, extra)).toBe(false);
        expect(owns(asGroup, at) && !owns(own, at)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a job has exactly the rights of the member it runs as, and never a superadmin', () => {
    fc.assert(
      fc.property(roster, user, fc.boolean(), (given, name, super_admin) => {
        const email = `${name}@x.io`;
        const job = standingOf(given, { is: 'job', permissioned_as: `u/${name}`, email, super_admin });
        expect(job).toEqual(asUser(given, name));
      }),
    );
  });

  test('whoever writes also reads, and whoever owns also writes', () => {
    fc.assert(
      fc.property(roster, user, path, grants, (given, name, at, extra) => {
        const standing = asUser(given, name);
        if (standing === undefined) return;
        if (mayWrite(standing, at, extra)) expect(mayRead(standing, at, extra)).toBe(true);
        if (owns(standing, at)) expect(mayWrite(standing, at, extra)).toBe(true);
      }),
    );
  });

  test('taking a grant, a group or a membership away never gives a right', () => {
    fc.assert(
      fc.property(roster, user, path, (given, name, at) => {
        const less: Roster = { ...given, groups: new Map(), folders: new Map() };
        const before = asUser(given, name);
        const after = asUser(less, name);
        if (after !== undefined && mayRead(after, at)) expect(before !== undefined && mayRead(before, at)).toBe(true);
      }),
    );
  });

  test('a name that was given to somebody else is somebody else', () => {
    const ann: Member = {
      username: 'ann',
      email: 'new@x.io',
      is_admin: false,
      operator: false,
      disabled: false,
      created_at: 0,
    };
    const given: Roster = {
      workspace: 'demo',
      archived: false,
      members: new Map([['ann', ann]]),
      groups: new Map(),
      folders: new Map(),
    };
    const old = { is: 'job' as const, permissioned_as: 'u/ann', email: 'old@x.io', super_admin: false };
    expect(standingOf(given, old)).toBeUndefined();
    expect(standingOf(given, { ...old, email: 'new@x.io' })).toMatchObject({ username: 'ann' });
  });

  test('nobody is the group of all, and nobody unknown is anything', () => {
    const empty: Roster = {
      workspace: 'demo',
      archived: false,
      members: new Map(),
      groups: new Map(),
      folders: new Map(),
    };
    const job = { is: 'job' as const, email: 'a@x.io', super_admin: false };
    for (const permissioned_as of ['g/all', 'g/gone', 'u/gone', 'a@x.io', '', 'constructor', 'u/constructor'])
      expect(standingOf(empty, { ...job, permissioned_as })).toBeUndefined();
  });
});

describe('who sees a job', () => {
  const me: Standing = {
    workspace: 'demo',
    permissioned_as: 'u/me',
    username: 'me',
    email: 'me@x.io',
    is_admin: false,
    operator: false,
    groups: ['all', 'ops'],
    folders: [{ name: 'a', write: false, owner: false }],
  };
  const job = { created_by: 'you', permissioned_as: 'u/you', visible_to_owner: true, path: 'f/b/x' };
  test.each([
    ['whom it ran as', { ...job, permissioned_as: 'u/me' }, true],
    ['whoever launched it', { ...job, created_by: 'me' }, true],
    ['a member of the group it ran as', { ...job, permissioned_as: 'g/ops' }, true],
    ['a reader of its folder', { ...job, path: 'f/a/x' }, true],
    [
      'no reader of its folder when it is invisible to its owner',
      { ...job, path: 'f/a/x', visible_to_owner: false },
      false,
    ],
    ['the owner of its path', { ...job, path: 'u/me/x' }, true],
    ['a member of the group of its path', { ...job, path: 'g/ops/x' }, true],
    ['nobody else', job, false],
    ['nobody else without a path', { ...job, path: undefined }, false],
    ['no reader of a folder whose name only begins so', { ...job, path: 'f/ab/x' }, false],
  ])('%s', (_, given, expected) => {
    expect(maySeeJob(me, given)).toBe(expected);
    expect(maySeeJob({ ...me, is_admin: true }, given)).toBe(true);
  });
});
