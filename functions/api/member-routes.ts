import { owns } from '../../shared/access/item-rights.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  addUser,
  archiveWorkspace,
  deleteUser,
  editIsolation,
  getUser,
  isOwnerOfPath,
  leaveWorkspace as leaveWorkspaceContract,
  listAddableInstanceUsers,
  listUsernames,
  listUsers,
  unarchiveWorkspace,
  updateUser,
  usernameToEmail,
  whois,
} from '../../shared/contracts/members.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound, type Problem } from '../../shared/model/errors.ts';
import { type Member, type Roster, Username } from '../../shared/model/roster.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { heirsOf, lastAdmin, leaveWorkspace } from './leave-workspace.ts';
import { memberView } from './member-view.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

export type MemberDeps = RosterDeps & { users: Pick<UserCatalog, 'list' | 'memberships'> };

const noMember = (workspace: string, username: string): Problem =>
  notFound(`user ${username} is no member of workspace ${workspace}`);

const memberOf = (roster: Roster, username: string): Member => {
  const member = roster.members.get(username);
  if (member === undefined) throw noMember(roster.workspace, username);
  return member;
};

const readingRoutes = (deps: MemberDeps): Route[] => [
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
  route(listAddableInstanceUsers, async ({ params, query: { search, per_page }, now }) => {
    const { members } = await rosterOf(deps, params.workspace, now);
    const emails = new Set([...members.values()].map(({ email }) => email));
    const wanted = (search ?? '').toLowerCase();
    const addable = (await deps.users.list()).filter(
      ({ email, username, disabled }) =>
        disabled !== true && !emails.has(email) && `${email} ${username}`.toLowerCase().includes(wanted),
    );
    return { body: addable.slice(0, per_page).map(({ email, username }) => ({ email, username })) };
  }),
  route(isOwnerOfPath, ({ params, standing }) => ({ body: owns(standing, params.path) })),
];

const changingRoutes = (deps: MemberDeps): Route[] => [
  route(addUser, async ({ params, body, now }) => {
    const email = body.email.toLowerCase();
    const username = Username.parse(body.username ?? usernameOf(email).slice(0, 50));
    const { is_admin, operator } = body;
    const member = { username, email, is_admin, operator, disabled: false, created_at: now };
    if (!(await deps.members.add(params.workspace, member)))
      throw badRequest(`${email} or the name ${username} is in workspace ${params.workspace} already`);
    return { body: `user with email ${email} added`, audit: { resource: email } };
  }),
  route(updateUser, async ({ params: { workspace, username }, body, principal, now }) => {
    const change = (member: Member): Member => ({
      ...member,
      is_admin: body.is_admin ?? member.is_admin,
      operator: body.operator ?? member.operator,
      disabled: body.disabled ?? member.disabled,
    });
    const heirs = principal.super_admin ? undefined : heirsOf(await rosterOf(deps, workspace, now), username);
    const outcome = await deps.members.change(workspace, username, change, heirs);
    if (outcome === 'missing') throw noMember(workspace, username);
    if (outcome === 'last admin') throw lastAdmin(workspace, username);
    return { body: `user ${username} updated` };
  }),
  route(deleteUser, async ({ params: { workspace, username }, principal, now }) => {
    const member = memberOf(await rosterOf(deps, workspace, now), username);
    await leaveWorkspace(deps, workspace, member, { now, keepAdmin: !principal.super_admin });
    return { body: `username ${username} deleted` };
  }),
  instanceRoute(leaveWorkspaceContract, async ({ params: { workspace }, principal, now }) => {
    const membership = (await deps.users.memberships(principal.email)).find((known) => known.workspace === workspace);
    if (membership === undefined) throw notFound(`you are no member of workspace ${workspace}`);
    const { username } = membership;
    await leaveWorkspace(deps, workspace, { username, email: principal.email }, { now, keepAdmin: true });
    return { body: `left workspace ${workspace}`, audit: { resource: username } };
  }),
  route(archiveWorkspace, async ({ params: { workspace } }) => {
    await deps.writes.setArchived(workspace, true);
    return { body: `Archived workspace ${workspace}` };
  }),
  route(editIsolation, async ({ params: { workspace }, body: { isolation } }) => {
    await deps.writes.setIsolation(workspace, isolation);
    return { body: `Isolation of workspace ${workspace}: ${isolation}` };
  }),
  instanceRoute(unarchiveWorkspace, async ({ params: { workspace } }) => {
    if (!(await deps.writes.setArchived(workspace, false))) throw notFound(`workspace ${workspace} does not exist`);
    return { body: `Unarchived workspace ${workspace}` };
  }),
];

/** Who is in a workspace, and as what. */
export const memberRoutes = (deps: MemberDeps): Route[] => [...readingRoutes(deps), ...changingRoutes(deps)];
