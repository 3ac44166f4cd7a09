import { z } from 'zod';
import { isScope } from '../access/scopes.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { MemberAnswer } from './members.ts';
import { InWorkspace } from './params.ts';

const GlobalUserInfo = z.object({
  email: z.string(),
  login_type: z.literal('password'),
  super_admin: z.boolean(),
  devops: z.boolean(),
  verified: z.boolean(),
  name: z.string(),
  username: z.string(),
  operator_only: z.boolean(),
  first_time_user: z.boolean(),
  role_source: z.literal('manual'),
  disabled: z.boolean(),
  workspace_id: z.string().optional(),
});

export const globalWhoami = contract({
  id: 'globalWhoami',
  method: 'GET',
  path: '/users/whoami',
  summary: 'Who the caller is',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, GlobalUserInfo),
  access: { needs: 'login' },
});

export const getCurrentEmail = contract({
  id: 'getCurrentEmail',
  method: 'GET',
  path: '/users/email',
  summary: "The caller's email",
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'login' },
});

export const whoami = contract({
  id: 'whoami',
  method: 'GET',
  path: '/w/{workspace}/users/whoami',
  summary: 'Who the caller is in this workspace',
  params: InWorkspace,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, MemberAnswer),
  access: { needs: 'workspace', right: 'read' },
});

const Scope = z.string().max(1_000).refine(isScope, 'is no scope: write domain:action or jobs:run:scripts:<path>, ...');

/** `scopes` limit the token to what they name (reference 2.7), such as `jobs:run:scripts:f/a/b`; an unknown one is refused. */
export const createToken = contract({
  id: 'createToken',
  method: 'POST',
  path: '/users/tokens/create',
  summary: 'Make a token for oneself; it is shown this once',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(
    z.object({
      label: z.string().max(200).nullish(),
      expiration: z.iso.datetime({ offset: true }).nullish(),
      scopes: z.array(Scope).max(100).nullish(),
      workspace_id: WorkspaceId.nullish(),
      read_only: z.boolean().nullish(),
    }),
  ),
  answer: textAnswer(201),
  access: { needs: 'account' },
});

const TruncatedToken = z.object({
  label: z.string().optional(),
  expiration: z.string().optional(),
  token_prefix: z.string(),
  created_at: z.string(),
  last_used_at: z.string(),
  email: z.string(),
  workspace_id: z.string().optional(),
  read_only: z.boolean(),
  scopes: z.array(z.string()).optional(),
});

export const listTokens = contract({
  id: 'listTokens',
  method: 'GET',
  path: '/users/tokens/list',
  summary: "The caller's tokens by their first characters",
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(TruncatedToken)),
  access: { needs: 'account' },
});

export const deleteToken = contract({
  id: 'deleteToken',
  method: 'DELETE',
  path: '/users/tokens/delete/{token_prefix}',
  summary: 'Revoke a token of the caller: refused everywhere within 5 s',
  params: z.object({ token_prefix: z.string() }),
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});
