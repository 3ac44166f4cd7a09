import type { Principal } from '../../shared/access/principal.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import { getCurrentEmail, globalWhoami, whoami } from '../../shared/contracts/account.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';

export type AccountDeps = { tokens: Pick<TokenCatalog, 'user'> };

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

/** Who the caller is. */
export const accountRoutes = (deps: AccountDeps): Route[] => [
  instanceRoute(globalWhoami, ({ principal }) => ({ body: globalInfo(principal) })),
  instanceRoute(getCurrentEmail, ({ principal }) => ({ body: principal.email })),
  route(whoami, async ({ principal, standing }) => {
    const user = await deps.tokens.user(principal.email);
    return { body: workspaceUser(standing, principal, user?.created_at ?? 0) };
  }),
];
