import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { Json } from '../model/json.ts';
import { EditResource, NewResource, TypeName } from '../model/resource.ts';
import { ScriptPath } from '../model/script.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, jsonTextAnswer, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace, OfPath } from './params.ts';
import { Flag, JsonText, Page, PerPage } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;

/** A resource in a list: without its value. */
const ListedResource = z.object({
  workspace_id: z.string(),
  path: z.string(),
  description: z.string(),
  resource_type: z.string(),
  is_oauth: z.boolean(),
  is_linked: z.boolean(),
  is_refreshed: z.boolean(),
  extra_perms: z.record(z.string(), z.boolean()),
  created_by: z.string(),
  edited_at: z.string(),
  labels: z.array(z.string()),
  ws_specific: z.boolean(),
});

export const createResource = contract({
  id: 'createResource',
  method: 'POST',
  path: '/w/{workspace}/resources/create',
  summary: 'Make a resource, or change the one there is with `update_if_exists`',
  params: InWorkspace,
  query: z.object({ update_if_exists: Flag.optional() }),
  body: jsonBody(NewResource),
  pathsInBody: true,
  answer: textAnswer(201),
  access: mayWrite,
});

export const updateResource = contract({
  id: 'updateResource',
  method: 'POST',
  path: '/w/{workspace}/resources/update/{path+}',
  summary: 'Change a resource, or move it',
  params: OfPath,
  query: NoQuery,
  body: jsonBody(EditResource),
  pathsInBody: true,
  answer: textAnswer(200),
  access: mayWrite,
});

export const updateResourceValue = contract({
  id: 'updateResourceValue',
  method: 'POST',
  path: '/w/{workspace}/resources/update_value/{path+}',
  summary: 'Change the value of a resource and nothing else',
  params: OfPath,
  query: NoQuery,
  body: jsonBody(z.object({ value: Json })),
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteResource = contract({
  id: 'deleteResource',
  method: 'DELETE',
  path: '/w/{workspace}/resources/delete/{path+}',
  summary: 'Delete a resource',
  params: OfPath,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteResourcesBulk = contract({
  id: 'deleteResourcesBulk',
  method: 'DELETE',
  path: '/w/{workspace}/resources/delete_bulk',
  summary: 'Delete resources; answers the paths of those that there were',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ paths: z.array(ScriptPath).max(100) })),
  pathsInBody: true,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayWrite,
});

const ofPath = { params: OfPath, query: NoQuery, body: noBody };

export const getResource = contract({
  id: 'getResource',
  method: 'GET',
  path: '/w/{workspace}/resources/get/{path+}',
  summary: 'A resource with its value as it was given: references are not followed',
  ...ofPath,
  answer: jsonTextAnswer(200, ListedResource.extend({ value: z.json() })),
  access: mayRead,
});

export const getResourceValue = contract({
  id: 'getResourceValue',
  method: 'GET',
  path: '/w/{workspace}/resources/get_value/{path+}',
  summary: 'The value of a resource as it was given: references are not followed',
  ...ofPath,
  answer: jsonTextAnswer(200),
  access: mayRead,
});

export const getResourceValueInterpolated = contract({
  id: 'getResourceValueInterpolated',
  method: 'GET',
  path: '/w/{workspace}/resources/get_value_interpolated/{path+}',
  summary: 'The value of a resource, its `$var:` and `$res:` followed as far as the caller may read',
  ...ofPath,
  answer: jsonTextAnswer(200),
  access: mayRead,
});

export const existsResource = contract({
  id: 'existsResource',
  method: 'GET',
  path: '/w/{workspace}/resources/exists/{path+}',
  summary: 'Is there a resource at this path that the caller may read?',
  ...ofPath,
  answer: jsonAnswer(200, z.boolean()),
  access: mayRead,
});

export const listResource = contract({
  id: 'listResource',
  method: 'GET',
  path: '/w/{workspace}/resources/list',
  summary: 'Resources that the caller may read, by path, without their values',
  params: InWorkspace,
  query: z.object({
    page: Page.default(1),
    per_page: PerPage.default(30),
    resource_type: z.string().optional(),
    resource_type_exclude: z.string().optional(),
    path_start: z.string().optional(),
    path: z.string().optional(),
    description: z.string().optional(),
    value: JsonText.optional(),
    broad_filter: z.string().optional(),
    label: z.string().optional(),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.array(ListedResource)),
  access: mayRead,
});

export const listSearchResource = contract({
  id: 'listSearchResource',
  method: 'GET',
  path: '/w/{workspace}/resources/list_search',
  summary: 'Paths and values, as given, of the resources that the caller may read, to be searched',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.object({ path: z.string(), value: z.string(), truncated: z.boolean() }))),
  access: mayRead,
});

export const listResourceNames = contract({
  id: 'listResourceNames',
  method: 'GET',
  path: '/w/{workspace}/resources/list_names/{name}',
  summary: 'Resources of one type that the caller may read: path, and the `name` in its value if it has one',
  params: z.object({ workspace: WorkspaceId, name: TypeName }),
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.object({ name: z.string(), path: z.string() }))),
  access: mayRead,
});
