import type { Grants, Member, Roster } from '../../shared/model/roster.ts';
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

/** Removes a member with everything that was granted to him. Doing it again is harmless. */
export const leaveWorkspace = async (
  deps: RosterDeps,
  workspace: string,
  member: Pick<Member, 'username' | 'email'>,
  now: number,
): Promise<void> => {
  await deps.writes.removeMember(workspace, member);
  await forgetGrantee(deps, await rosterOf(deps, workspace, now), member.username);
};
