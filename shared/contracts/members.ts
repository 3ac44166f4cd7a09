import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { Username } from '../model/roster.ts';
import { Isolation } from '../model/tenant.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';
import { PerPage } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const admins = { needs: 'workspace', right: 'admin' } as const satisfies Access;
const OfUser = z.object({ workspace: WorkspaceId, username: Username });
const Email = z.email().max(255);

/** A member of a workspace, with what follows from the groups and folders he is in. */
export const MemberAnswer = z.object({
  workspace_id: z.string(),
  email: z.string(),
  username: z.string(),
  is_admin: z.boolean(),
  is_super_admin: z.boolean(),
  name: z.string(),
  created_at: z.string(),
  operator: z.boolean(),
  disabled: z.boolean(),
  groups: z.array(z.string()),
  folders: z.array(z.string()),
  folders_read: z.array(z.string()),
  folders_owners: z.array(z.string()),
});
export type MemberAnswer = z.infer<typeof MemberAnswer>;

const ofAll = { method: 'GET' as const, params: InWorkspace, query: NoQuery, body: noBody, access: mayRead };
const ofOne = { method: 'GET' as const, params: OfUser, query: NoQuery, body: noBody, access: mayRead };

export const listUsers = contract({
  id: 'listUsers',
  path: '/w/{workspace}/users/list',
  summary: 'Members of a workspace',
  ...ofAll,
  answer: jsonAnswer(200, z.array(MemberAnswer)),
});

export const listUsernames = contract({
  id: 'listUsernames',
  path: '/w/{workspace}/users/list_usernames',
  summary: 'Names of the members of a workspace',
  ...ofAll,
  answer: jsonAnswer(200, z.array(z.string())),
});

export const getUser = contract({
  id: 'getUser',
  path: '/w/{workspace}/users/get/{username}',
  summary: 'A member',
  ...ofOne,
  answer: jsonAnswer(200, MemberAnswer),
});

export const whois = contract({
  id: 'whois',
  path: '/w/{workspace}/users/whois/{username}',
  summary: 'A member',
  ...ofOne,
  answer: jsonAnswer(200, MemberAnswer),
});

export const usernameToEmail = contract({
  id: 'usernameToEmail',
  path: '/w/{workspace}/users/username_to_email/{username}',
  summary: 'The email of a member',
  ...ofOne,
  answer: textAnswer(200),
});

export const isOwnerOfPath = contract({
  id: 'isOwnerOfPath',
  path: '/w/{workspace}/users/is_owner/{path+}',
  summary: 'Does the caller own what lies at this path?',
  ...ofAll,
  params: z.object({ workspace: WorkspaceId, path: z.string().max(255) }),
  answer: jsonAnswer(200, z.boolean()),
});

const Added = z.object({
  email: Email,
  username: Username.nullish(),
  is_admin: z.boolean().default(false),
  operator: z.boolean().default(false),
});

export const addUser = contract({
  id: 'addUser',
  method: 'POST',
  path: '/w/{workspace}/workspaces/add_user',
  summary: 'Make somebody a member of a workspace',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(Added),
  answer: textAnswer(201),
  access: admins,
});

export const updateUser = contract({
  id: 'updateUser',
  method: 'POST',
  path: '/w/{workspace}/users/update/{username}',
  summary: 'Change what a member is; what is left out stays',
  params: OfUser,
  query: NoQuery,
  body: jsonBody(
    z.object({ is_admin: z.boolean().nullish(), operator: z.boolean().nullish(), disabled: z.boolean().nullish() }),
  ),
  answer: textAnswer(200),
  access: admins,
});

export const deleteUser = contract({
  id: 'deleteUser',
  method: 'DELETE',
  path: '/w/{workspace}/users/delete/{username}',
  summary: 'Remove a member, from all groups and grants as well',
  params: OfUser,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: admins,
});

/** Whoever leaves gives up all that he has there, so a limited token or a job cannot do it for him. */
export const leaveWorkspace = contract({
  id: 'leaveWorkspace',
  method: 'POST',
  path: '/w/{workspace}/workspaces/leave',
  summary: 'Leave a workspace, with all groups and grants; its last admin may not',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});

export const listAddableInstanceUsers = contract({
  id: 'listAddableInstanceUsers',
  method: 'GET',
  path: '/w/{workspace}/users/list_addable',
  summary: 'Users of the instance who are no members, by a part of email or name',
  params: InWorkspace,
  query: z.object({ search: z.string().max(255).optional(), per_page: PerPage.default(30) }),
  body: noBody,
  answer: jsonAnswer(200, z.array(z.object({ email: z.string(), username: z.string() }))),
  access: admins,
});

export const archiveWorkspace = contract({
  id: 'archiveWorkspace',
  method: 'POST',
  path: '/w/{workspace}/workspaces/archive',
  summary: 'Archive a workspace: it can be read, and nothing runs or changes',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: admins,
});

/** Not Windmill's: the default for scripts whose own `isolation` is not set. */
export const editIsolation = contract({
  id: 'editIsolation',
  method: 'POST',
  path: '/w/{workspace}/workspaces/edit_isolation',
  summary: 'Choose what jobs may share an environment: those of one identity, or of one version of a script',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ isolation: Isolation })),
  answer: textAnswer(200),
  access: admins,
});

/** A superadmin's: an archived workspace itself allows nothing but reading. */
export const unarchiveWorkspace = contract({
  id: 'unarchiveWorkspace',
  method: 'POST',
  path: '/workspaces/unarchive/{workspace}',
  summary: 'Bring an archived workspace back',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'superadmin' },
});
