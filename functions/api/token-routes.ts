import { scopeChoices } from '../../shared/access/scopes.ts';
import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import {
  createToken,
  deleteToken,
  listAvailableScopes,
  listTokens,
  updateTokenLabel,
  updateTokenScopes,
} from '../../shared/contracts/tokens.ts';
import { instanceRoute, type Route } from '../../shared/http/route.ts';
import type { Settings } from '../../shared/jobs/ports.ts';
import { badRequest, notFound, type Problem } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import type { InstanceSettings } from '../../shared/model/settings.ts';
import { isSession, type StoredToken, TOKEN_PREFIX_CHARS } from '../../shared/model/token.ts';

export type TokenDeps = {
  tokens: Pick<TokenCatalog, 'create' | 'list' | 'change' | 'revoke'>;
  settings: Settings;
  /** A fresh token: at least 128 bits that nobody can guess. */
  newToken: () => string;
};

const iso = (ms: number): string => new Date(ms).toISOString();

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

const noToken = (prefix: string): Problem => notFound(`no token of yours begins with ${prefix}`);

/** Without one of its own a token ends when the instance says that tokens must. */
const expirationOf = (asked: number | undefined, now: number, settings: InstanceSettings): number | undefined => {
  const days = settings.max_token_expiration_days;
  if (days === undefined) return asked;
  const latest = now + days * 86_400_000;
  if (asked === undefined || asked <= latest) return asked ?? latest;
  throw badRequest(`Bad request: body expiration: is later than ${days} days from now (max_token_expiration_days)`);
};

/** The tokens of the caller: nobody else sees them or changes them. */
export const tokenRoutes = (deps: TokenDeps): Route[] => [
  instanceRoute(createToken, async ({ principal, body, now }) => {
    const asked = body.expiration ? Date.parse(body.expiration) : undefined;
    const expiration = expirationOf(asked, now, await deps.settings.read(now));
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
    return { body: token, audit: { resource: token.slice(0, TOKEN_PREFIX_CHARS) } };
  }),
  instanceRoute(listTokens, async ({ principal, query: { exclude_ephemeral, page, per_page } }) => {
    const tokens = (await deps.tokens.list(principal.email))
      .filter((token) => !(exclude_ephemeral && isSession(token)))
      .sort((a, b) => b.created_at - a.created_at);
    return { body: tokens.slice((page - 1) * per_page, page * per_page).map(truncated) };
  }),
  instanceRoute(deleteToken, async ({ principal, params: { token_prefix } }) => {
    if (!(await deps.tokens.revoke(principal.email, token_prefix))) throw noToken(token_prefix);
    return { body: `Deleted token ${token_prefix}` };
  }),
  instanceRoute(updateTokenScopes, async ({ principal, params: { token_prefix }, body }) => {
    const change = { field: 'scopes' as const, value: body.scopes ?? undefined };
    if (!(await deps.tokens.change(principal.email, token_prefix, change))) throw noToken(token_prefix);
    return { body: `Updated the scopes of token ${token_prefix}` };
  }),
  instanceRoute(updateTokenLabel, async ({ principal, params: { token_prefix }, body }) => {
    const known = (await deps.tokens.list(principal.email)).find(({ prefix }) => prefix === token_prefix);
    if (known !== undefined && isSession(known))
      throw badRequest('Bad request: path token_prefix: is a session, which keeps its label');
    const change = { field: 'label' as const, value: body.label ?? undefined };
    if (!(await deps.tokens.change(principal.email, token_prefix, change))) throw noToken(token_prefix);
    return { body: `Updated the label of token ${token_prefix}` };
  }),
  instanceRoute(listAvailableScopes, () => ({ body: scopeChoices() })),
];
