import { z } from 'zod';
import { Username } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Page, PerPage } from './query-values.ts';

const WorkspaceAnswer = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  /** Archived: shown to superadmins only. */
  deleted: z.literal(true).optional(),
});

export const existsWorkspace = contract({
  id: 'existsWorkspace',
  method: 'POST',
  path: '/workspaces/exists',
  summary: 'Is there a workspace of this id?',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ id: z.string() })),
  answer: jsonAnswer(200, z.boolean()),
  access: { needs: 'login' },
});

export const existsUsername = contract({
  id: 'existsUsername',
  method: 'POST',
  path: '/workspaces/exists_username',
  summary: 'Is this name taken in a workspace that the caller is in, or invited into?',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ id: WorkspaceId, username: Username })),
  answer: jsonAnswer(200, z.boolean()),
  access: { needs: 'login' },
});

export const changeWorkspaceName = contract({
  id: 'changeWorkspaceName',
  method: 'POST',
  path: '/w/{workspace}/workspaces/change_workspace_name',
  summary: 'Name a workspace anew; its id stays',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ new_name: z.string().min(1).max(100) })),
  answer: textAnswer(200),
  access: { needs: 'workspace', right: 'admin' },
});

export const createWorkspace = contract({
  id: 'createWorkspace',
  method: 'POST',
  path: '/workspaces/create',
  summary: 'Make a workspace; its maker is its first member',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ id: WorkspaceId, name: z.string().max(100), username: z.string().max(50).nullish() })),
  answer: textAnswer(201),
  access: { needs: 'superadmin' },
});

export const listWorkspaces = contract({
  id: 'listWorkspaces',
  method: 'GET',
  path: '/workspaces/list',
  summary: 'Workspaces that the caller can see',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(WorkspaceAnswer)),
  access: { needs: 'login' },
});

export const listWorkspacesAsSuperAdmin = contract({
  id: 'listWorkspacesAsSuperAdmin',
  method: 'GET',
  path: '/workspaces/list_as_superadmin',
  summary: 'All workspaces, archived ones too',
  params: NoParams,
  query: z.object({ page: Page.default(1), per_page: PerPage.default(30) }),
  body: noBody,
  answer: jsonAnswer(200, z.array(WorkspaceAnswer)),
  access: { needs: 'superadmin' },
});

export const listUserWorkspaces = contract({
  id: 'listUserWorkspaces',
  method: 'GET',
  path: '/workspaces/users',
  summary: 'Workspaces of the caller, with his name in each',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(
    200,
    z.object({
      email: z.string(),
      workspaces: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          username: z.string(),
          color: z.string().nullable(),
          is_dev_workspace: z.boolean(),
          disabled: z.boolean(),
        }),
      ),
    }),
  ),
  access: { needs: 'login' },
});

export const getWorkspaceName = contract({
  id: 'getWorkspaceName',
  method: 'GET',
  path: '/w/{workspace}/workspaces/get_workspace_name',
  summary: 'The name of a workspace',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'workspace', right: 'read' },
});
