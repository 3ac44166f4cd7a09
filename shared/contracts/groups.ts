import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { GroupName, Username } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Flag } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;
const OfGroup = z.object({ workspace: WorkspaceId, name: GroupName });
const Summary = z.string().max(1_000);

const GroupAnswer = z.object({
  name: z.string(),
  summary: z.string(),
  members: z.array(z.string()),
  extra_perms: z.record(z.string(), z.boolean()),
});

export const listGroups = contract({
  id: 'listGroups',
  method: 'GET',
  path: '/w/{workspace}/groups/list',
  summary: 'Groups of a workspace with their members',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(GroupAnswer)),
  access: mayRead,
});

export const listGroupNames = contract({
  id: 'listGroupNames',
  method: 'GET',
  path: '/w/{workspace}/groups/listnames',
  summary: 'Names of the groups of a workspace',
  params: InWorkspace,
  query: z.object({ only_member_of: Flag.optional() }),
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

export const getGroup = contract({
  id: 'getGroup',
  method: 'GET',
  path: '/w/{workspace}/groups/get/{name}',
  summary: 'A group with its members',
  params: OfGroup,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, GroupAnswer),
  access: mayRead,
});

export const createGroup = contract({
  id: 'createGroup',
  method: 'POST',
  path: '/w/{workspace}/groups/create',
  summary: 'Make a group; its maker is its first member and manager',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ name: GroupName, summary: Summary.nullish() })),
  answer: textAnswer(200),
  access: mayWrite,
});

const changing = { params: OfGroup, query: NoQuery, answer: textAnswer(200), access: mayWrite };
const member = jsonBody(z.object({ username: Username }));

export const updateGroup = contract({
  id: 'updateGroup',
  method: 'POST',
  path: '/w/{workspace}/groups/update/{name}',
  summary: 'Change the summary of a group that the caller manages',
  ...changing,
  body: jsonBody(z.object({ summary: Summary })),
});

export const deleteGroup = contract({
  id: 'deleteGroup',
  method: 'DELETE',
  path: '/w/{workspace}/groups/delete/{name}',
  summary: 'Delete a group that the caller manages: jobs queued in its name fail when they start',
  ...changing,
  body: noBody,
});

export const addUserToGroup = contract({
  id: 'addUserToGroup',
  method: 'POST',
  path: '/w/{workspace}/groups/adduser/{name}',
  summary: 'Add a member of the workspace to a group that the caller manages',
  ...changing,
  body: member,
});

export const removeUserToGroup = contract({
  id: 'removeUserToGroup',
  method: 'POST',
  path: '/w/{workspace}/groups/removeuser/{name}',
  summary: 'Remove somebody from a group that the caller manages',
  ...changing,
  body: member,
});
