import type { Principal } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import {
  createToken,
  deleteToken,
  getCurrentEmail,
  globalWhoami,
  listTokens,
  whoami,
} from '../../shared/contracts/account.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { badRequest, notFound } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import { type StoredToken, TOKEN_PREFIX_CHARS } from '../../shared/model/token.ts';

export type AccountDeps = {
  tokens: Pick<TokenCatalog, 'create' | 'list' | 'revoke' | 'user'>;
  /** A fresh token: at least 128 bits that nobody can guess. */
  newToken: () => string;
};

const iso = (ms: number): string => new Date(ms).toISOString();

const globalInfo = (principal: Principal) => ({
  email: principal.email,
  login_type: 'password' as const,
  super_admin: principal.super_admin,
  devops: false,
  verified: true,
  name: principal.username,
  username: principal.username,
  operator_only: false,
  first_time_user: false,
  role_source: 'manual' as const,
  disabled: false,
  ...(principal.workspace === undefined ? {} : { workspace_id: principal.workspace }),
});

const workspaceUser = (standing: Standing, principal: Principal, createdAt: number) => ({
  workspace_id: standing.workspace,
  email: standing.email,
  username: standing.username,
  is_admin: standing.is_admin,
  is_super_admin: principal.super_admin,
  name: standing.username,
  created_at: iso(createdAt),
  operator: standing.operator,
  disabled: false,
  groups: [...standing.groups],
  folders: standing.folders.filter(({ write }) => write).map(({ name }) => name),
  folders_read: standing.folders.map(({ name }) => name),
  folders_owners: standing.folders.filter(({ owner }) => owner).map(({ name }) => name),
});

const truncated = (token: StoredToken) => ({
  ...(token.label === undefined ? {} : { label: token.label }),
  ...(token.expiration === undefined ? {} : { expiration: iso(token.expiration) }),
  token_prefix: token.prefix,
  created_at: iso(token.created_at),
  // Nobody writes down when a token is used: that would be a write on every request.
  last_used_at: iso(token.created_at),
  email: token.email,
  ...(token.workspace === undefined ? {} : { workspace_id: token.workspace }),
  read_only: token.read_only ?? false,
  ...(token.scopes === undefined ? {} : { scopes: token.scopes }),
});

/** Who the caller is, and his tokens. */
export const accountRoutes = (deps: AccountDeps): Route[] => [
  instanceRoute(globalWhoami, ({ principal }) => ({ body: globalInfo(principal) })),
  instanceRoute(getCurrentEmail, ({ principal }) => ({ body: principal.email })),
  route(whoami, async ({ principal, standing }) => {
    const user = await deps.tokens.user(principal.email);
    return { body: workspaceUser(standing, principal, user?.created_at ?? 0) };
  }),
  instanceRoute(createToken, async ({ principal, body, now }) => {
    const expiration = body.expiration ? Date.parse(body.expiration) : undefined;
    if (expiration !== undefined && expiration <= now) throw badRequest('Bad request: body expiration: is in the past');
    const token = deps.newToken();
    await deps.tokens.create({
      hash: await sha256Hex(token),
      prefix: token.slice(0, TOKEN_PREFIX_CHARS),
      email: principal.email,
      created_at: now,
      ...(body.label ? { label: body.label } : {}),
      ...(body.workspace_id ? { workspace: body.workspace_id } : {}),
      ...(body.scopes ? { scopes: body.scopes } : {}),
      ...(body.read_only ? { read_only: true } : {}),
      ...(expiration === undefined ? {} : { expiration }),
    });
    return { body: token };
  }),
  instanceRoute(listTokens, async ({ principal }) => ({
    body: (await deps.tokens.list(principal.email)).map(truncated),
  })),
  instanceRoute(deleteToken, async ({ principal, params }) => {
    if (!(await deps.tokens.revoke(principal.email, params.token_prefix)))
      throw notFound(`no token of yours begins with ${params.token_prefix}`);
    return { body: `Deleted token ${params.token_prefix}` };
  }),
];
