import type { Principal } from '../../shared/access/principal.ts';
import type { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  createWorkspace,
  existsWorkspace,
  getWorkspaceName,
  listUserWorkspaces,
  listWorkspaces,
} from '../../shared/contracts/workspaces.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest } from '../../shared/model/errors.ts';
import type { Workspace } from '../../shared/model/workspace.ts';

export type WorkspaceDeps = {
  workspaces: Pick<WorkspaceCatalog, 'list' | 'get' | 'create'>;
  users: Pick<UserCatalog, 'memberships'>;
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

/** Workspaces: making and finding them. */
export const workspaceRoutes = (deps: WorkspaceDeps): Route[] => [
  instanceRoute(existsWorkspace, async ({ body }) => ({ body: (await deps.workspaces.get(body.id)) !== undefined })),
  instanceRoute(createWorkspace, async ({ body, principal, now }) => {
    const workspace = { id: body.id, name: body.name, owner: principal.email, created_at: now };
    const username = body.username ?? principal.username;
    if (!(await deps.workspaces.create(workspace, { username }))) throw badRequest(`Workspace id ${body.id} is taken`);
    return { body: `Created workspace ${body.id}` };
  }),
  instanceRoute(listWorkspaces, async ({ principal }) => ({
    body: (await ofCaller(deps, principal)).map(({ workspace: { id, name, owner } }) => ({ id, name, owner })),
  })),
  instanceRoute(listUserWorkspaces, async ({ principal }) => ({
    body: {
      email: principal.email,
      workspaces: (await ofCaller(deps, principal)).map(({ workspace: { id, name }, username }) => ({
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
