import type { Principal } from '../../shared/access/principal.ts';
import type { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
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

export type WorkspaceDeps = { workspaces: Pick<WorkspaceCatalog, 'list' | 'get' | 'create'> };

/** A token of one workspace, and a job, see no other. */
const visible = (principal: Principal, workspaces: Workspace[]): Workspace[] =>
  workspaces.filter(({ id }) => principal.workspace === undefined || principal.workspace === id);

/** Workspaces: making and finding them. */
export const workspaceRoutes = ({ workspaces }: WorkspaceDeps): Route[] => [
  instanceRoute(existsWorkspace, async ({ body }) => ({ body: (await workspaces.get(body.id)) !== undefined })),
  instanceRoute(createWorkspace, async ({ body, principal, now }) => {
    const workspace = { id: body.id, name: body.name, owner: principal.email, created_at: now };
    const username = body.username ?? principal.username;
    if (!(await workspaces.create(workspace, { username }))) throw badRequest(`Workspace id ${body.id} is taken`);
    return { body: `Created workspace ${body.id}` };
  }),
  instanceRoute(listWorkspaces, async ({ principal }) => ({
    body: visible(principal, await workspaces.list()).map(({ id, name, owner }) => ({ id, name, owner })),
  })),
  instanceRoute(listUserWorkspaces, async ({ principal }) => ({
    body: {
      email: principal.email,
      workspaces: visible(principal, await workspaces.list()).map(({ id, name }) => ({
        id,
        name,
        username: principal.username,
        color: null,
        is_dev_workspace: false,
        disabled: false,
      })),
    },
  })),
  route(getWorkspaceName, async ({ params }) => ({
    body: (await workspaces.get(params.workspace))?.name ?? params.workspace,
  })),
];
