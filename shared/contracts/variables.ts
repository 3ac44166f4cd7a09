import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { ScriptPath } from '../model/script.ts';
import { EditVariable, NewVariable } from '../model/variable.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace, OfPath } from './params.ts';
import { Flag, Page, PerPage } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;

const VariableAnswer = z.object({
  workspace_id: z.string(),
  path: z.string(),
  /** Absent: a secret that was not decrypted, or it has expired. */
  value: z.string().optional(),
  is_secret: z.boolean(),
  description: z.string(),
  account: z.number().optional(),
  is_oauth: z.boolean(),
  extra_perms: z.record(z.string(), z.boolean()),
  is_expired: z.boolean(),
  is_linked: z.boolean(),
  is_refreshed: z.boolean(),
  expires_at: z.string().optional(),
  labels: z.array(z.string()),
  ws_specific: z.boolean(),
  edited_at: z.string(),
  edited_by: z.string(),
});

export const createVariable = contract({
  id: 'createVariable',
  method: 'POST',
  path: '/w/{workspace}/variables/create',
  summary: 'Make a variable; a secret one is stored encrypted',
  params: InWorkspace,
  query: z.object({ already_encrypted: Flag.optional() }),
  body: jsonBody(NewVariable),
  pathsInBody: true,
  answer: textAnswer(201),
  access: mayWrite,
});

export const updateVariable = contract({
  id: 'updateVariable',
  method: 'POST',
  path: '/w/{workspace}/variables/update/{path+}',
  summary: 'Change a variable, or move it',
  params: OfPath,
  query: z.object({ already_encrypted: Flag.optional() }),
  body: jsonBody(EditVariable),
  pathsInBody: true,
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteVariable = contract({
  id: 'deleteVariable',
  method: 'DELETE',
  path: '/w/{workspace}/variables/delete/{path+}',
  summary: 'Delete a variable',
  params: OfPath,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteVariablesBulk = contract({
  id: 'deleteVariablesBulk',
  method: 'DELETE',
  path: '/w/{workspace}/variables/delete_bulk',
  summary: 'Delete variables; answers the paths of those that there were',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ paths: z.array(ScriptPath).max(100) })),
  pathsInBody: true,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayWrite,
});

/** Tells and changes nothing, so whoever may read in the workspace may seal what he knows. */
export const encryptValue = contract({
  id: 'encryptValue',
  method: 'POST',
  path: '/w/{workspace}/variables/encrypt',
  summary: 'Encrypt a text for `$encrypted:` in arguments; only jobs of the caller himself can open it',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.string()),
  answer: textAnswer(200),
  access: mayRead,
});

export const getVariable = contract({
  id: 'getVariable',
  method: 'GET',
  path: '/w/{workspace}/variables/get/{path+}',
  summary: 'A variable; a secret is decrypted unless `decrypt_secret=false`',
  params: OfPath,
  query: z.object({ decrypt_secret: Flag.default(true), include_encrypted: Flag.optional() }),
  body: noBody,
  answer: jsonAnswer(200, VariableAnswer),
  access: mayRead,
});

const ofPath = { params: OfPath, query: NoQuery, body: noBody };

export const getVariableValue = contract({
  id: 'getVariableValue',
  method: 'GET',
  path: '/w/{workspace}/variables/get_value/{path+}',
  summary: 'The value of a variable, decrypted, as a JSON string',
  ...ofPath,
  answer: jsonAnswer(200, z.string()),
  access: mayRead,
});

export const existsVariable = contract({
  id: 'existsVariable',
  method: 'GET',
  path: '/w/{workspace}/variables/exists/{path+}',
  summary: 'Is there a variable at this path that the caller may read?',
  ...ofPath,
  answer: jsonAnswer(200, z.boolean()),
  access: mayRead,
});

export const listVariable = contract({
  id: 'listVariable',
  method: 'GET',
  path: '/w/{workspace}/variables/list',
  summary: 'Variables that the caller may read, by path; secrets without their values',
  params: InWorkspace,
  query: z.object({
    page: Page.default(1),
    per_page: PerPage.default(30),
    path_start: z.string().optional(),
    path: z.string().optional(),
    description: z.string().optional(),
    value: z.string().optional(),
    broad_filter: z.string().optional(),
    label: z.string().optional(),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.array(VariableAnswer)),
  access: mayRead,
});

export const listContextualVariables = contract({
  id: 'listContextualVariables',
  method: 'GET',
  path: '/w/{workspace}/variables/list_contextual',
  summary: 'Environment variables that every job has',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(
    200,
    z.array(z.object({ name: z.string(), value: z.string(), description: z.string(), is_custom: z.boolean() })),
  ),
  access: mayRead,
});
