import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { FolderName, Grantee, Grants } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Flag } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;
const OfFolder = z.object({ workspace: WorkspaceId, name: FolderName });

const FolderAnswer = z.object({
  workspace_id: z.string(),
  name: z.string(),
  display_name: z.string(),
  summary: z.string(),
  owners: z.array(z.string()),
  extra_perms: z.record(z.string(), z.boolean()),
  created_by: z.string(),
  edited_at: z.string(),
});

export const listFolders = contract({
  id: 'listFolders',
  method: 'GET',
  path: '/w/{workspace}/folders/list',
  summary: 'Folders that the caller may read',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(FolderAnswer)),
  access: mayRead,
});

export const listFolderNames = contract({
  id: 'listFolderNames',
  method: 'GET',
  path: '/w/{workspace}/folders/listnames',
  summary: 'Names of the folders that the caller may read',
  params: InWorkspace,
  query: z.object({ only_member_of: Flag.optional() }),
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

const ofOne = { method: 'GET' as const, params: OfFolder, query: NoQuery, body: noBody, access: mayRead };

export const getFolder = contract({
  id: 'getFolder',
  path: '/w/{workspace}/folders/get/{name}',
  summary: 'A folder with its owners and grants',
  ...ofOne,
  answer: jsonAnswer(200, FolderAnswer),
});

export const existsFolder = contract({
  id: 'existsFolder',
  path: '/w/{workspace}/folders/exists/{name}',
  summary: 'Is there a folder of this name?',
  ...ofOne,
  answer: jsonAnswer(200, z.boolean()),
});

const Settings = {
  display_name: z.string().max(100).nullish(),
  summary: z.string().max(1_000).nullish(),
  owners: z.array(Grantee).max(100).nullish(),
  extra_perms: Grants.nullish(),
};

export const createFolder = contract({
  id: 'createFolder',
  method: 'POST',
  path: '/w/{workspace}/folders/create',
  summary: 'Make a folder; its maker is one of its owners',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ name: FolderName, ...Settings })),
  answer: textAnswer(200),
  access: mayWrite,
});

const changing = { params: OfFolder, query: NoQuery, answer: textAnswer(200), access: mayWrite };

export const updateFolder = contract({
  id: 'updateFolder',
  method: 'POST',
  path: '/w/{workspace}/folders/update/{name}',
  summary: 'Change a folder that the caller owns; what is left out stays',
  ...changing,
  body: jsonBody(z.object(Settings)),
});

export const deleteFolder = contract({
  id: 'deleteFolder',
  method: 'DELETE',
  path: '/w/{workspace}/folders/delete/{name}',
  summary: 'Delete a folder that the caller owns: what lies in it stays, for admins alone',
  ...changing,
  body: noBody,
});

export const addOwnerToFolder = contract({
  id: 'addOwnerToFolder',
  method: 'POST',
  path: '/w/{workspace}/folders/addowner/{name}',
  summary: 'Add an owner to a folder that the caller owns',
  ...changing,
  body: jsonBody(z.object({ owner: Grantee })),
});

export const removeOwnerToFolder = contract({
  id: 'removeOwnerToFolder',
  method: 'POST',
  path: '/w/{workspace}/folders/removeowner/{name}',
  summary: 'Remove an owner of a folder that the caller owns; `write` keeps him as a writer or reader',
  ...changing,
  body: jsonBody(z.object({ owner: Grantee, write: z.boolean().nullish() })),
});
