import { owns } from '../../shared/access/item-rights.ts';
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
import { type Member, type Roster, Username } from '../../shared/model/roster.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { leaveWorkspace } from './leave-workspace.ts';
import { memberView } from './member-view.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

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
    await leaveWorkspace(deps, workspace, memberOf(roster, username), now);
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
