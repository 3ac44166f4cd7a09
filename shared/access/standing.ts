import { EVERYONE, type Folder, type Grants, type Member, type Roster } from '../model/roster.ts';

/** What somebody is in one workspace: all that a decision about him needs. Has no right but those it states. */
export type Standing = {
  workspace: string;
  /** `u/<user>`, `g/<group>`, or the email of a superadmin who is no member. */
  permissioned_as: string;
  username: string;
  email: string;
  is_admin: boolean;
  operator: boolean;
  groups: readonly string[];
  folders: readonly { name: string; write: boolean; owner: boolean }[];
};

/** Whom somebody wants to be in a workspace. */
export type Identity =
  | { is: 'member'; email: string; super_admin: boolean }
  /** A job's `permissioned_as`; `super_admin` tells whether its email, when it is one, is a superadmin's. */
  | { is: 'job'; permissioned_as: string; email: string; super_admin: boolean };

const groupsOf = (roster: Roster, username: string): string[] => [
  EVERYONE,
  ...[...roster.groups.values()]
    .filter(({ name, members }) => name !== EVERYONE && members.includes(username))
    .map(({ name }) => name),
];

/** The strongest grant that one of `names` holds. */
export const grantOf = (grants: Grants, names: readonly string[]): 'write' | 'read' | undefined => {
  const held = names.flatMap((name) => (Object.hasOwn(grants, name) ? [grants[name]] : []));
  if (held.includes(true)) return 'write';
  return held.length > 0 ? 'read' : undefined;
};

const folderRight = (folder: Folder, names: readonly string[]): { name: string; write: boolean; owner: boolean }[] => {
  const owner = folder.owners.some((name) => names.includes(name));
  const grant = grantOf(folder.extra_perms, names);
  return owner || grant !== undefined ? [{ name: folder.name, write: owner || grant === 'write', owner }] : [];
};

/** The names under which a standing may hold grants. */
export const granteesOf = ({
  permissioned_as,
  groups,
}: Pick<Standing, 'permissioned_as' | 'groups'>): readonly string[] => [
  permissioned_as,
  ...groups.map((group) => `g/${group}`),
];

const ofNames = (roster: Roster, permissioned_as: string, groups: readonly string[]) => {
  const names = granteesOf({ permissioned_as, groups });
  return { groups, folders: [...roster.folders.values()].flatMap((folder) => folderRight(folder, names)) };
};

const ofMember = (roster: Roster, member: Member): Standing | undefined => {
  if (member.disabled) return undefined;
  const { username, email, is_admin, operator } = member;
  return {
    workspace: roster.workspace,
    permissioned_as: `u/${username}`,
    username,
    email,
    is_admin,
    operator: operator && !is_admin,
    ...ofNames(roster, `u/${username}`, groupsOf(roster, username)),
  };
};

/** A group acts with its own grants and those of nobody else; it is never admin (Windmill's group tokens). */
const ofGroup = (roster: Roster, name: string): Standing | undefined =>
  roster.groups.has(name) && name !== EVERYONE
    ? {
        workspace: roster.workspace,
        permissioned_as: `g/${name}`,
        username: `group-${name}`,
        email: `group-${name}@windmill.dev`,
        is_admin: false,
        operator: false,
        ...ofNames(roster, `g/${name}`, [name]),
      }
    : undefined;

const ofSuperadmin = (roster: Roster, email: string): Standing => ({
  workspace: roster.workspace,
  permissioned_as: email,
  username: email,
  email,
  is_admin: true,
  operator: false,
  groups: [],
  folders: [],
});

const memberByEmail = (roster: Roster, email: string): Member | undefined =>
  [...roster.members.values()].find((member) => member.email === email);

/**
 * What an identity is in a workspace now. Undefined: nothing at all (no member, disabled, group gone). A superadmin who
 * is a member acts as that member with an admin's rights; a job of a member never has more than the member.
 */
export const standingOf = (roster: Roster, identity: Identity): Standing | undefined => {
  if (identity.is === 'member') {
    const member = memberByEmail(roster, identity.email);
    if (!identity.super_admin) return member === undefined ? undefined : ofMember(roster, member);
    if (member === undefined) return ofSuperadmin(roster, identity.email);
    const standing = ofMember(roster, { ...member, disabled: false });
    return standing === undefined ? undefined : { ...standing, is_admin: true, operator: false };
  }
  const [kind, name = ''] = identity.permissioned_as.split('/');
  if (kind === 'g') return ofGroup(roster, name);
  if (kind !== 'u')
    return identity.super_admin && identity.permissioned_as === identity.email
      ? ofSuperadmin(roster, identity.email)
      : undefined;
  const member = roster.members.get(name);
  // A name given to somebody else meanwhile is somebody else.
  return member === undefined || member.email !== identity.email ? undefined : ofMember(roster, member);
};

/** Whether `standing` may launch a job as `permissioned_as`: as itself, or as a group that it is a member of. */
export const mayActAs = (standing: Standing, permissioned_as: string): boolean =>
  permissioned_as === standing.permissioned_as ||
  (permissioned_as.startsWith('g/') &&
    permissioned_as !== `g/${EVERYONE}` &&
    standing.groups.includes(permissioned_as.slice(2)));
