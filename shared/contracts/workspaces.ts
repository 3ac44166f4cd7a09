import { z } from 'zod';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';

const WorkspaceAnswer = z.object({ id: z.string(), name: z.string(), owner: z.string() });

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
