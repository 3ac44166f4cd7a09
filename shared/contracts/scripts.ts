import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { Json } from '../model/json.ts';
import { NewScript, ScriptHash, ScriptPath } from '../model/script.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, jsonTextAnswer, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace, OfHash, OfPath } from './params.ts';
import { Flag, Page, PerPage } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;

/** A script in a list: without code. */
const ListedScript = z.object({
  workspace_id: z.string(),
  hash: z.string(),
  path: z.string(),
  summary: z.string(),
  created_by: z.string(),
  created_at: z.string(),
  archived: z.boolean(),
  language: z.string(),
  kind: z.string(),
  tag: z.string().nullable(),
  labels: z.array(z.string()),
  is_template: z.boolean(),
  no_main_func: z.boolean(),
  starred: z.boolean(),
  extra_perms: z.record(z.string(), z.boolean()),
  ws_error_handler_muted: z.boolean(),
});

/** A version with everything; concrete values where Windmill's CLI compares them with its files. */
const Script = ListedScript.extend({
  parent_hashes: z.array(z.string()),
  description: z.string(),
  content: z.string(),
  schema: Json.optional(),
  deleted: z.boolean(),
  lock: z.string(),
}).loose();

const HistoryLine = z.object({
  script_hash: z.string(),
  created_at: z.string(),
  created_by: z.string(),
  deployment_msg: z.string().optional(),
});

export const createScript = contract({
  id: 'createScript',
  method: 'POST',
  path: '/w/{workspace}/scripts/create',
  summary: 'Make a new version of a script; answers its hash',
  params: InWorkspace,
  query: z.object({ skip_if_noop: Flag.optional() }),
  body: jsonBody(NewScript),
  pathsInBody: true,
  answer: textAnswer(201),
  access: mayWrite,
});

const ofPath = { params: OfPath, query: NoQuery, body: noBody };
const ofHash = { params: OfHash, query: NoQuery, body: noBody };

export const getScriptByPath = contract({
  id: 'getScriptByPath',
  method: 'GET',
  path: '/w/{workspace}/scripts/get/p/{path+}',
  summary: 'The newest version of a script',
  ...ofPath,
  answer: jsonTextAnswer(200, Script),
  access: mayRead,
});

export const getScriptByHash = contract({
  id: 'getScriptByHash',
  method: 'GET',
  path: '/w/{workspace}/scripts/get/h/{hash}',
  summary: 'One version of a script',
  ...ofHash,
  answer: jsonTextAnswer(200, Script),
  access: mayRead,
});

export const listScripts = contract({
  id: 'listScripts',
  method: 'GET',
  path: '/w/{workspace}/scripts/list',
  summary: 'Scripts of a workspace, newest version each',
  params: InWorkspace,
  query: z.object({
    page: Page.default(1),
    per_page: PerPage.default(30),
    order_desc: Flag.default(true),
    created_by: z.string().optional(),
    path_start: z.string().optional(),
    path_exact: z.string().optional(),
    show_archived: Flag.optional(),
    is_template: Flag.optional(),
    kinds: z.string().optional(),
    languages: z.string().optional(),
    label: z.string().optional(),
    starred_only: Flag.optional(),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.array(ListedScript)),
  access: mayRead,
});

export const listScriptPaths = contract({
  id: 'listScriptPaths',
  method: 'GET',
  path: '/w/{workspace}/scripts/list_paths',
  summary: 'Paths of all scripts that are not archived',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

export const existsScriptByPath = contract({
  id: 'existsScriptByPath',
  method: 'GET',
  path: '/w/{workspace}/scripts/exists/p/{path+}',
  summary: 'Is there a script at this path that is not archived?',
  ...ofPath,
  answer: jsonAnswer(200, z.boolean()),
  access: mayRead,
});

/** Clients add the language's file ending, which is no part of a path or hash. */
const withoutEnding = <T extends z.ZodType<string, string>>(schema: T) =>
  z
    .string()
    .transform((text) => text.replace(/(\.[a-z]+){1,2}\d?$/, ''))
    .pipe(schema);

export const rawScriptByPath = contract({
  id: 'rawScriptByPath',
  method: 'GET',
  path: '/w/{workspace}/scripts/raw/p/{path+}',
  summary: 'The code of the newest version',
  params: z.object({ workspace: WorkspaceId, path: withoutEnding(ScriptPath) }),
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: mayRead,
});

export const rawScriptByHash = contract({
  id: 'rawScriptByHash',
  method: 'GET',
  path: '/w/{workspace}/scripts/raw/h/{hash}',
  summary: 'The code of one version',
  params: z.object({ workspace: WorkspaceId, hash: withoutEnding(ScriptHash) }),
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: mayRead,
});

export const getScriptHistoryByPath = contract({
  id: 'getScriptHistoryByPath',
  method: 'GET',
  path: '/w/{workspace}/scripts/history/p/{path+}',
  summary: 'Versions of a script, newest first',
  params: OfPath,
  query: z.object({ page: Page.default(1), per_page: PerPage.default(30) }),
  body: noBody,
  answer: jsonAnswer(200, z.array(HistoryLine)),
  access: mayRead,
});

export const getScriptLatestVersion = contract({
  id: 'getScriptLatestVersion',
  method: 'GET',
  path: '/w/{workspace}/scripts/get_latest_version/{path+}',
  summary: 'The newest line of the history, null without one',
  ...ofPath,
  answer: jsonAnswer(200, HistoryLine.nullable()),
  access: mayRead,
});

/** `lock` null: it waits for the dependencies job `job_id`, or that failed (`lock_error_logs`). Empty: it needs no packages. */
export const getScriptDeploymentStatus = contract({
  id: 'getScriptDeploymentStatus',
  method: 'GET',
  path: '/w/{workspace}/scripts/deployment_status/h/{hash}',
  summary: 'Is a version ready to run?',
  ...ofHash,
  answer: jsonAnswer(
    200,
    z.object({
      lock: z.string().nullable(),
      lock_error_logs: z.string().nullable(),
      job_id: z.string().optional(),
    }),
  ),
  access: mayRead,
});

export const archiveScriptByPath = contract({
  id: 'archiveScriptByPath',
  method: 'POST',
  path: '/w/{workspace}/scripts/archive/p/{path+}',
  summary: 'Archive a script: gone by path, its versions still run by hash',
  ...ofPath,
  answer: textAnswer(200),
  access: mayWrite,
});

export const archiveScriptByHash = contract({
  id: 'archiveScriptByHash',
  method: 'POST',
  path: '/w/{workspace}/scripts/archive/h/{hash}',
  summary: 'Archive one version',
  ...ofHash,
  answer: jsonTextAnswer(200, Script),
  access: mayWrite,
});

export const deleteScriptByPath = contract({
  id: 'deleteScriptByPath',
  method: 'POST',
  path: '/w/{workspace}/scripts/delete/p/{path+}',
  summary: 'Delete a script with all its versions, for good',
  ...ofPath,
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteScriptByHash = contract({
  id: 'deleteScriptByHash',
  method: 'POST',
  path: '/w/{workspace}/scripts/delete/h/{hash}',
  summary: 'Delete the code of one version, for good',
  ...ofHash,
  answer: jsonTextAnswer(200, Script),
  access: mayWrite,
});
