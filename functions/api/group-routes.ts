import type { Standing } from '../../shared/access/standing.ts';
import {
  addUserToGroup,
  createGroup,
  deleteGroup,
  getGroup,
  listGroupNames,
  listGroups,
  removeUserToGroup,
  updateGroup,
} from '../../shared/contracts/groups.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditNote } from '../../shared/model/audit.ts';
import { badRequest, notFound, Problem } from '../../shared/model/errors.ts';
import { DEPLOYERS, EVERYONE, type Group, type Roster } from '../../shared/model/roster.ts';
import { checkMade } from './item-checks.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

/** `all` is nowhere stored: it is whoever is in the workspace. */
const everyone = (roster: Roster): Group => ({
  name: EVERYONE,
  summary: 'Every member of the workspace',
  members: [...roster.members.keys()],
  extra_perms: {},
});

const groupsOf = (roster: Roster): Group[] => [everyone(roster), ...roster.groups.values()];

const groupAt = (roster: Roster, name: string): Group => {
  const group = groupsOf(roster).find((known) => known.name === name);
  if (group === undefined) throw notFound(`group ${name} does not exist in workspace ${roster.workspace}`);
  return group;
};

/** Throws 403 for who does not manage the group. Deploying in the name of others is an admin's to give, so that group has no other manager. */
export const checkManages = (standing: Standing, group: Group): void => {
  if (group.name === EVERYONE) throw badRequest('Bad request: the group all is every member, and cannot be changed');
  const manages = group.name !== DEPLOYERS && group.extra_perms[standing.permissioned_as] === true;
  if (!standing.is_admin && !manages)
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} does not manage group ${group.name}`);
};

const readingRoutes = (deps: RosterDeps): Route[] => [
  route(listGroups, async ({ params, now }) => ({ body: groupsOf(await rosterOf(deps, params.workspace, now)) })),
  route(listGroupNames, async ({ params, query, standing, now }) => ({
    body: groupsOf(await rosterOf(deps, params.workspace, now))
      .map(({ name }) => name)
      .filter((name) => query.only_member_of !== true || standing.groups.includes(name)),
  })),
  route(getGroup, async ({ params, now }) => ({
    body: groupAt(await rosterOf(deps, params.workspace, now), params.name),
  })),
];

/** Changes a group that the caller manages; the rule is asked of the group as it stands at the write. */
const change = async (
  deps: RosterDeps,
  standing: Standing,
  name: string,
  next: (group: Group) => Group,
): Promise<void> => {
  const changed = await deps.writes.changeGroup(standing.workspace, name, (group) => {
    checkManages(standing, group);
    return next(group);
  });
  if (changed === undefined) throw notFound(`group ${name} does not exist in workspace ${standing.workspace}`);
};

const about = (name: string, affected?: string): AuditNote => ({
  resource: name,
  history: `group/${name}`,
  ...(affected === undefined ? {} : { parameters: { affected } }),
});

const changingRoutes = (deps: RosterDeps): Route[] => [
  route(createGroup, async ({ params: { workspace }, body, standing }) => {
    const { name } = body;
    const isUser = standing.permissioned_as.startsWith('u/');
    if (name === EVERYONE) throw badRequest('Bad request: body name: the group all exists in every workspace');
    if (name === DEPLOYERS && !standing.is_admin)
      throw new Problem(403, `Permission denied: only an admin may make the group ${DEPLOYERS}`);
    const group: Group = {
      name,
      summary: body.summary ?? '',
      members: isUser ? [standing.username] : [],
      extra_perms: isUser ? { [standing.permissioned_as]: true } : {},
    };
    checkMade(await deps.writes.addGroup(workspace, group, standing.is_admin), `group ${name}`);
    return { body: `Created group ${name}`, audit: about(name) };
  }),
  route(updateGroup, async ({ params: { name }, body, standing }) => {
    await change(deps, standing, name, (group) => ({ ...group, summary: body.summary }));
    return { body: `Edited group ${name}`, audit: about(name) };
  }),
  route(deleteGroup, async ({ params: { workspace, name }, standing, now }) => {
    checkManages(standing, groupAt(await rosterOf(deps, workspace, now), name));
    await deps.writes.removeGroup(workspace, name);
    return { body: `delete group at name ${name}`, audit: about(name) };
  }),
  route(addUserToGroup, async ({ params: { workspace, name }, body: { username }, standing, now }) => {
    if (!(await rosterOf(deps, workspace, now)).members.has(username))
      throw notFound(`user ${username} is no member of workspace ${workspace}`);
    await change(deps, standing, name, (group) => ({
      ...group,
      members: [...new Set([...group.members, username])],
    }));
    return { body: `Added ${username} to group ${name}`, audit: about(name, username) };
  }),
  route(removeUserToGroup, async ({ params: { name }, body: { username }, standing }) => {
    await change(deps, standing, name, (group) => ({
      ...group,
      members: group.members.filter((member) => member !== username),
    }));
    return { body: `Removed ${username} from group ${name}`, audit: about(name, username) };
  }),
];

/** Groups of a workspace. */
export const groupRoutes = (deps: RosterDeps): Route[] => [...readingRoutes(deps), ...changingRoutes(deps)];
