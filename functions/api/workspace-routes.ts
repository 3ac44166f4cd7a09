import type { Principal, Rosters } from '../../shared/access/principal.ts';
import type { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import type { InviteCatalog } from '../../shared/aws/invite-catalog.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  changeWorkspaceName,
  createWorkspace,
  existsUsername,
  existsWorkspace,
  getWorkspaceName,
  listUserWorkspaces,
  listWorkspaces,
  listWorkspacesAsSuperAdmin,
} from '../../shared/contracts/workspaces.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import type { Workspace } from '../../shared/model/workspace.ts';

export type WorkspaceDeps = {
  workspaces: Pick<WorkspaceCatalog, 'list' | 'get' | 'create' | 'rename'>;
  users: Pick<UserCatalog, 'memberships'>;
  invites: Pick<InviteCatalog, 'get'>;
  rosters: Rosters;
};

type Named = { workspace: Workspace; username: string };

/** The workspaces of the caller with his name in each: those he is a member of, and all of them for a superadmin. */
const ofCaller = async ({ workspaces, users }: WorkspaceDeps, principal: Principal): Promise<Named[]> => {
  const [all, memberships] = await Promise.all([workspaces.list(), users.memberships(principal.email)]);
  const names = new Map(memberships.map(({ workspace, username }) => [workspace, username]));
  return all.flatMap((workspace) => {
    // A token of one workspace, and a job, see no other.
    if (principal.workspace !== undefined && principal.workspace !== workspace.id) return [];
    const username = names.get(workspace.id) ?? (principal.super_admin ? principal.email : undefined);
    return username === undefined ? [] : [{ workspace, username }];
  });
};

const view = ({ id, name, owner, archived }: Workspace) => ({
  id,
  name,
  owner,
  ...(archived === true ? { deleted: true as const } : {}),
});

/** Names of members are told to whoever is in the workspace or will be. */
const isIn = async ({ users, invites }: WorkspaceDeps, { email, ...principal }: Principal, workspace: string) => {
  if (principal.workspace !== undefined && principal.workspace !== workspace) return false;
  if (principal.super_admin) return true;
  const memberships = await users.memberships(email);
  return (
    memberships.some((known) => known.workspace === workspace) || (await invites.get(email, workspace)) !== undefined
  );
};

/** Workspaces: making and finding them. */
export const workspaceRoutes = (deps: WorkspaceDeps): Route[] => [
  instanceRoute(existsWorkspace, async ({ body }) => ({ body: (await deps.workspaces.get(body.id)) !== undefined })),
  instanceRoute(createWorkspace, async ({ body, principal, now }) => {
    const workspace = { id: body.id, name: body.name, owner: principal.email, created_at: now };
    const username = body.username ?? principal.username;
    if (!(await deps.workspaces.create(workspace, { username }))) throw badRequest(`Workspace id ${body.id} is taken`);
    return { body: `Created workspace ${body.id}`, audit: { resource: body.id } };
  }),
  instanceRoute(listWorkspaces, async ({ principal }) => ({
    body: (await ofCaller(deps, principal))
      .filter(({ workspace }) => principal.super_admin || workspace.archived !== true)
      .map(({ workspace }) => view(workspace)),
  })),
  instanceRoute(listWorkspacesAsSuperAdmin, async ({ query: { page, per_page } }) => ({
    body: (await deps.workspaces.list()).slice((page - 1) * per_page, page * per_page).map(view),
  })),
  instanceRoute(existsUsername, async ({ principal, body: { id, username }, now }) => {
    const roster = (await isIn(deps, principal, id)) ? await deps.rosters.read(id, now, true) : undefined;
    if (roster === undefined) throw notFound(`you are neither in workspace ${id} nor invited into it`);
    return { body: roster.members.has(username) };
  }),
  route(changeWorkspaceName, async ({ params: { workspace }, body: { new_name } }) => {
    if (!(await deps.workspaces.rename(workspace, new_name))) throw notFound(`workspace ${workspace} does not exist`);
    return { body: `updated workspace name to ${new_name}` };
  }),
  instanceRoute(listUserWorkspaces, async ({ principal }) => ({
    body: {
      email: principal.email,
      workspaces: (await ofCaller(deps, principal))
        .filter(({ workspace }) => workspace.archived !== true)
        .map(({ workspace: { id, name }, username }) => ({
          id,
          name,
          username,
          color: null,
          is_dev_workspace: false,
          disabled: false,
        })),
    },
  })),
  route(getWorkspaceName, async ({ params }) => ({
    body: (await deps.workspaces.get(params.workspace))?.name ?? params.workspace,
  })),
];
