import { badRequest, type Problem } from '../../shared/model/errors.ts';
import { administers, type Grants, type Member, type Roster } from '../../shared/model/roster.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

const without = (grants: Grants, grantee: string): Grants =>
  Object.fromEntries(Object.entries(grants).filter(([name]) => name !== grantee));

/** Takes somebody out of every group and grant, so that nothing waits for whoever gets his name next. */
const forgetGrantee = async (deps: RosterDeps, roster: Roster, username: string): Promise<void> => {
  const grantee = `u/${username}`;
  for (const { name, members, extra_perms } of roster.groups.values()) {
    if (!members.includes(username) && !Object.hasOwn(extra_perms, grantee)) continue;
    await deps.writes.changeGroup(roster.workspace, name, (group) => ({
      ...group,
      members: group.members.filter((member) => member !== username),
      extra_perms: without(group.extra_perms, grantee),
    }));
  }
  for (const { name, owners, extra_perms } of roster.folders.values()) {
    if (!owners.includes(grantee) && !Object.hasOwn(extra_perms, grantee)) continue;
    await deps.writes.changeFolder(roster.workspace, name, (folder) => ({
      ...folder,
      owners: folder.owners.filter((owner) => owner !== grantee),
      extra_perms: without(folder.extra_perms, grantee),
    }));
  }
};

/** Who would still be an admin of the workspace without `username`. */
export const heirsOf = (roster: Roster, username: string): string[] =>
  [...roster.members.values()]
    .filter((member) => member.username !== username && administers(member))
    .map((member) => member.username);

/** A workspace keeps an admin, unless a superadmin, who administers it anyhow, wills it otherwise. */
export const lastAdmin = (workspace: string, username: string): Problem =>
  badRequest(`${username} is the last admin of workspace ${workspace}: make somebody else an admin first`);

/**
 * Removes a member with everything that was granted to him. Doing it again is harmless. Throws 400 for the last admin, unless
 * `keepAdmin` is false.
 */
export const leaveWorkspace = async (
  deps: RosterDeps,
  workspace: string,
  member: Pick<Member, 'username' | 'email'>,
  { now, keepAdmin }: { now: number; keepAdmin: boolean },
): Promise<void> => {
  const { username } = member;
  const heirs = keepAdmin ? heirsOf(await rosterOf(deps, workspace, now), username) : undefined;
  if (!(await deps.members.remove(workspace, member, heirs))) throw lastAdmin(workspace, username);
  await forgetGrantee(deps, await rosterOf(deps, workspace, now), username);
};
