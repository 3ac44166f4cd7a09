import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { Username } from '../model/roster.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace } from './params.ts';

const admins = { needs: 'workspace', right: 'admin' } as const satisfies Access;
const invitee = { needs: 'account' } as const satisfies Access;
const Email = z.email().max(255);

const WorkspaceInvite = z.object({
  workspace_id: z.string(),
  email: z.string(),
  is_admin: z.boolean(),
  operator: z.boolean(),
});

/** Nobody is told by mail: the invitation waits until its invitee, who may become a user later, lists his invitations. */
export const inviteUser = contract({
  id: 'inviteUser',
  method: 'POST',
  path: '/w/{workspace}/workspaces/invite_user',
  summary: 'Invite somebody into a workspace; inviting again changes the role he would have',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(
    z.object({ email: Email, is_admin: z.boolean().default(false), operator: z.boolean().default(false) }),
  ),
  answer: textAnswer(201),
  access: admins,
});

export const listPendingInvites = contract({
  id: 'listPendingInvites',
  method: 'GET',
  path: '/w/{workspace}/workspaces/list_pending_invites',
  summary: 'Invitations into this workspace that nobody has answered yet',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(WorkspaceInvite)),
  access: admins,
});

export const deleteInvite = contract({
  id: 'deleteInvite',
  method: 'POST',
  path: '/w/{workspace}/workspaces/delete_invite',
  summary: 'Withdraw an invitation, whatever its role',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.object({ email: Email })),
  answer: textAnswer(200),
  access: admins,
});

export const listWorkspaceInvites = contract({
  id: 'listWorkspaceInvites',
  method: 'GET',
  path: '/users/list_invites',
  summary: "The caller's invitations",
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(WorkspaceInvite)),
  access: invitee,
});

export const acceptInvite = contract({
  id: 'acceptInvite',
  method: 'POST',
  path: '/users/accept_invite',
  summary: 'Become a member of a workspace one is invited into; without `username`, under the name in all of them',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ workspace_id: WorkspaceId, username: Username.nullish() })),
  answer: textAnswer(200),
  access: invitee,
});

export const declineInvite = contract({
  id: 'declineInvite',
  method: 'POST',
  path: '/users/decline_invite',
  summary: 'Decline an invitation',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(z.object({ workspace_id: WorkspaceId })),
  answer: textAnswer(200),
  access: invitee,
});
