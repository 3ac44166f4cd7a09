import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { TypeName } from '../model/resource.ts';
import { EditResourceType, NewResourceType } from '../model/resource-type.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, jsonTextAnswer, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;
const OfType = z.object({ workspace: WorkspaceId, path: TypeName });

const ResourceTypeAnswer = z.object({
  workspace_id: z.string(),
  name: z.string(),
  schema: z.json().optional(),
  description: z.string().optional(),
  created_by: z.string(),
  edited_at: z.string(),
  format_extension: z.string().optional(),
  is_fileset: z.boolean(),
  display_name: z.string().optional(),
});

export const createResourceType = contract({
  id: 'createResourceType',
  method: 'POST',
  path: '/w/{workspace}/resources/type/create',
  summary: 'Make a resource type',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(NewResourceType),
  answer: textAnswer(201),
  access: mayWrite,
});

export const updateResourceType = contract({
  id: 'updateResourceType',
  method: 'POST',
  path: '/w/{workspace}/resources/type/update/{path+}',
  summary: 'Change a resource type: for admins and whoever made it',
  params: OfType,
  query: NoQuery,
  body: jsonBody(EditResourceType),
  answer: textAnswer(200),
  access: mayWrite,
});

const ofType = { params: OfType, query: NoQuery, body: noBody };

export const deleteResourceType = contract({
  id: 'deleteResourceType',
  method: 'DELETE',
  path: '/w/{workspace}/resources/type/delete/{path+}',
  summary: 'Delete a resource type: for admins and whoever made it',
  ...ofType,
  answer: textAnswer(200),
  access: mayWrite,
});

export const getResourceType = contract({
  id: 'getResourceType',
  method: 'GET',
  path: '/w/{workspace}/resources/type/get/{path+}',
  summary: 'A resource type',
  ...ofType,
  answer: jsonTextAnswer(200, ResourceTypeAnswer),
  access: mayRead,
});

export const existsResourceType = contract({
  id: 'existsResourceType',
  method: 'GET',
  path: '/w/{workspace}/resources/type/exists/{path+}',
  summary: 'Is there a resource type of this name?',
  ...ofType,
  answer: jsonAnswer(200, z.boolean()),
  access: mayRead,
});

const all = { params: InWorkspace, query: NoQuery, body: noBody };

export const listResourceType = contract({
  id: 'listResourceType',
  method: 'GET',
  path: '/w/{workspace}/resources/type/list',
  summary: 'The resource types of a workspace',
  ...all,
  answer: jsonTextAnswer(200, z.array(ResourceTypeAnswer)),
  access: mayRead,
});

export const listResourceTypeNames = contract({
  id: 'listResourceTypeNames',
  method: 'GET',
  path: '/w/{workspace}/resources/type/listnames',
  summary: 'The names of the resource types',
  ...all,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

export const fileResourceTypeToFileExtMap = contract({
  id: 'fileResourceTypeToFileExtMap',
  method: 'GET',
  path: '/w/{workspace}/resources/file_resource_type_to_file_ext_map',
  summary: 'The types whose values are files, and how such a file ends',
  ...all,
  answer: jsonAnswer(
    200,
    z.record(z.string(), z.object({ format_extension: z.string().optional(), is_fileset: z.boolean() })),
  ),
  access: mayRead,
});
