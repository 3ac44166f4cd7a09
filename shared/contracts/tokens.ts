import { z } from 'zod';
import { isScope } from '../access/scopes.ts';
import { SESSION_LABEL } from '../model/token.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { Flag, Page, PerPage } from './query-values.ts';

const Scope = z.string().max(1_000).refine(isScope, 'is no scope: write domain:action or jobs:run:scripts:<path>, ...');
const Scopes = z.array(Scope).max(100);
/** Lists can leave sessions out, so nothing else may look like one. */
const Label = z
  .string()
  .max(200)
  .refine((label) => label !== SESSION_LABEL, `"${SESSION_LABEL}" is the label of sessions: choose another`);
const OfToken = z.object({ token_prefix: z.string().max(100) });

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
      label: Label.nullish(),
      expiration: z.iso.datetime({ offset: true }).nullish(),
      scopes: Scopes.nullish(),
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
  summary: "The caller's tokens by their first characters, newest first; `exclude_ephemeral` leaves sessions out",
  params: NoParams,
  query: z.object({ exclude_ephemeral: Flag.default(false), page: Page.default(1), per_page: PerPage.default(30) }),
  body: noBody,
  answer: jsonAnswer(200, z.array(TruncatedToken)),
  access: { needs: 'account' },
});

export const deleteToken = contract({
  id: 'deleteToken',
  method: 'DELETE',
  path: '/users/tokens/delete/{token_prefix}',
  summary: 'Revoke a token of the caller: refused everywhere within 5 s',
  params: OfToken,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: { needs: 'account' },
});

export const updateTokenScopes = contract({
  id: 'updateTokenScopes',
  method: 'POST',
  path: '/users/tokens/update_scopes/{token_prefix}',
  summary: 'Change what a token of the caller may do, within 5 s; without scopes it may do all that he may',
  params: OfToken,
  query: NoQuery,
  body: jsonBody(z.object({ scopes: Scopes.nullish() })),
  answer: textAnswer(200),
  access: { needs: 'account' },
});

export const updateTokenLabel = contract({
  id: 'updateTokenLabel',
  method: 'POST',
  path: '/users/tokens/update_label/{token_prefix}',
  summary: 'Name a token of the caller anew; without a label it has none',
  params: OfToken,
  query: NoQuery,
  body: jsonBody(z.object({ label: Label.nullish() })),
  answer: textAnswer(200),
  access: { needs: 'account' },
});

export const listAvailableScopes = contract({
  id: 'listAvailableScopes',
  method: 'GET',
  path: '/tokens/list/scopes',
  summary: 'Every scope that a token can be given, by domain',
  params: NoParams,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(
    200,
    z.array(
      z.object({
        name: z.string(),
        scopes: z.array(z.object({ value: z.string(), label: z.string(), requires_resource_path: z.boolean() })),
      }),
    ),
  ),
  access: { needs: 'login' },
});
