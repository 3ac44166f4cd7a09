import { owns } from '../../shared/access/item-rights.ts';
import type { Rosters } from '../../shared/access/principal.ts';
import type { RosterWrites } from '../../shared/aws/roster-writes.ts';
import {
  addUser,
  archiveWorkspace,
  deleteUser,
  getUser,
  inviteUser,
  isOwnerOfPath,
  listUsernames,
  listUsers,
  unarchiveWorkspace,
  updateUser,
  usernameToEmail,
  whois,
} from '../../shared/contracts/members.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import { type Grants, type Member, type Roster, Username } from '../../shared/model/roster.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { memberView } from './member-view.ts';

export type RosterDeps = { rosters: Rosters; writes: RosterWrites };

/** The roster as it stands, for whoever changes or shows it. */
export const rosterOf = async (deps: RosterDeps, workspace: string, now: number): Promise<Roster> => {
  const roster = await deps.rosters.read(workspace, now, true);
  if (roster === undefined) throw notFound(`workspace ${workspace} does not exist`);
  return roster;
};

const memberOf = (roster: Roster, username: string): Member => {
  const member = roster.members.get(username);
  if (member === undefined) throw notFound(`user ${username} is no member of workspace ${roster.workspace}`);
  return member;
};

const readingRoutes = (deps: RosterDeps): Route[] => [
  route(listUsers, async ({ params, now }) => {
    const roster = await rosterOf(deps, params.workspace, now);
    return { body: [...roster.members.values()].map((member) => memberView(roster, member)) };
  }),
  route(listUsernames, async ({ params, now }) => ({
    body: [...(await rosterOf(deps, params.workspace, now)).members.keys()],
  })),
  ...[getUser, whois].map((contract) =>
    route(contract, async ({ params, now }) => {
      const roster = await rosterOf(deps, params.workspace, now);
      return { body: memberView(roster, memberOf(roster, params.username)) };
    }),
  ),
  route(usernameToEmail, async ({ params, now }) => ({
    body: memberOf(await rosterOf(deps, params.workspace, now), params.username).email,
  })),
  route(isOwnerOfPath, ({ params, standing }) => ({ body: owns(standing, params.path) })),
];

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

const changingRoutes = (deps: RosterDeps): Route[] => [
  ...[addUser, inviteUser].map((contract) =>
    route(contract, async ({ params, body, now }) => {
      const email = body.email.toLowerCase();
      const username = Username.parse(body.username ?? usernameOf(email).slice(0, 50));
      const { is_admin, operator } = body;
      const member = { username, email, is_admin, operator, disabled: false, created_at: now };
      if (!(await deps.writes.addMember(params.workspace, member)))
        throw badRequest(`${email} or the name ${username} is in workspace ${params.workspace} already`);
      return { body: `user with email ${email} added` };
    }),
  ),
  route(updateUser, async ({ params: { workspace, username }, body }) => {
    const changed = await deps.writes.changeMember(workspace, username, (member) => ({
      ...member,
      is_admin: body.is_admin ?? member.is_admin,
      operator: body.operator ?? member.operator,
      disabled: body.disabled ?? member.disabled,
    }));
    if (changed === undefined) throw notFound(`user ${username} is no member of workspace ${workspace}`);
    return { body: `user ${username} updated` };
  }),
  route(deleteUser, async ({ params: { workspace, username }, now }) => {
    const roster = await rosterOf(deps, workspace, now);
    await deps.writes.removeMember(workspace, memberOf(roster, username));
    await forgetGrantee(deps, roster, username);
    return { body: `username ${username} deleted` };
  }),
  route(archiveWorkspace, async ({ params: { workspace } }) => {
    await deps.writes.setArchived(workspace, true);
    return { body: `Archived workspace ${workspace}` };
  }),
  instanceRoute(unarchiveWorkspace, async ({ params: { workspace } }) => {
    await deps.writes.setArchived(workspace, false);
    return { body: `Unarchived workspace ${workspace}` };
  }),
];

/** Who is in a workspace, and as what. */
export const memberRoutes = (deps: RosterDeps): Route[] => [...readingRoutes(deps), ...changingRoutes(deps)];
