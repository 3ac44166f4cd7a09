import type { AuditLog } from '../../shared/aws/audit-log.ts';
import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import type { LoginAttempts } from '../../shared/aws/login-attempts.ts';
import { isPassword, passwordHash } from '../../shared/aws/passwords.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  createUserGlobally,
  existsEmail,
  globalUserDelete,
  globalUserUpdate,
  listUsersAsSuperAdmin,
  login,
  logout,
  setPassword,
} from '../../shared/contracts/login.ts';
import { tokenOf } from '../../shared/http/authenticate.ts';
import { instanceRoute, openRoute, type Route } from '../../shared/http/route.ts';
import { auditId } from '../../shared/model/audit.ts';
import { badRequest, notFound, Problem } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import { TOKEN_PREFIX_CHARS } from '../../shared/model/token.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { leaveWorkspace } from './leave-workspace.ts';
import type { RosterDeps } from './roster-of.ts';

export type LoginDeps = RosterDeps & {
  users: UserCatalog;
  tokens: Pick<TokenCatalog, 'create' | 'revoke'>;
  attempts: LoginAttempts;
  audit: Pick<AuditLog, 'append'>;
  newToken: () => string;
};

/** A session lives three days (Windmill's default). */
const SESSION_MS = 3 * 86_400_000;

/** `Secure` but on plain HTTP, which only a local Millrace speaks. */
const cookie = (token: string, seconds: number, headers: Record<string, string>): string =>
  [
    `token=${token}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${seconds}`,
    ...(headers['x-forwarded-proto'] === 'http' ? [] : ['Secure']),
  ].join('; ');

const sessionRoutes = (deps: LoginDeps): Route[] => [
  openRoute(login, async ({ body, request, now }) => {
    const email = body.email.toLowerCase();
    if (!(await deps.attempts.take(await sha256Hex(email), now)))
      throw new Problem(429, 'Too many tries to log in: wait a quarter of an hour');
    const user = await deps.users.get(email);
    if (!(await isPassword(body.password, user?.password_hash)) || user === undefined || user.disabled === true)
      throw badRequest('Invalid login');
    const token = deps.newToken();
    await deps.tokens.create({
      hash: await sha256Hex(token),
      prefix: token.slice(0, TOKEN_PREFIX_CHARS),
      email,
      label: 'session',
      created_at: now,
      expiration: now + SESSION_MS,
    });
    await deps.audit.append({
      id: auditId(now, Math.random()),
      workspace: 'admins',
      timestamp: now,
      username: user.username,
      email,
      operation: 'users.login',
      action_kind: 'Execute',
    });
    return { body: token, headers: { 'set-cookie': cookie(token, SESSION_MS / 1000, request.headers) } };
  }),
  instanceRoute(logout, async ({ principal, request }) => {
    const token = tokenOf(request) ?? '';
    await deps.tokens.revoke(principal.email, token.slice(0, TOKEN_PREFIX_CHARS));
    return { body: 'logged out', headers: { 'set-cookie': cookie('', 0, request.headers) } };
  }),
  instanceRoute(setPassword, async ({ principal, body }) => {
    await deps.users.change(principal.email, { password_hash: await passwordHash(body.password) });
    return { body: 'Password updated' };
  }),
];

const noUser = (email: string): Problem => notFound(`there is no user ${email}`);

const userRoutes = (deps: LoginDeps): Route[] => [
  instanceRoute(createUserGlobally, async ({ body, now }) => {
    const email = body.email.toLowerCase();
    const made = await deps.users.create({
      email,
      username: usernameOf(email),
      super_admin: body.super_admin,
      created_at: now,
      ...(body.name ? { name: body.name } : {}),
      ...(body.password ? { password_hash: await passwordHash(body.password) } : {}),
    });
    if (!made) throw badRequest(`user ${email} already exists`);
    return { body: `email ${email} created` };
  }),
  instanceRoute(listUsersAsSuperAdmin, async () => ({
    body: (await deps.users.list()).map((user) => ({
      email: user.email,
      login_type: 'password' as const,
      super_admin: user.super_admin,
      verified: true,
      name: user.name ?? user.username,
      username: user.username,
      disabled: user.disabled ?? false,
    })),
  })),
  instanceRoute(globalUserUpdate, async ({ params: { email }, body }) => {
    const changed = await deps.users.change(email, {
      ...(typeof body.is_super_admin === 'boolean' ? { super_admin: body.is_super_admin } : {}),
      ...(typeof body.disabled === 'boolean' ? { disabled: body.disabled } : {}),
      ...(body.name ? { name: body.name } : {}),
      ...(body.password ? { password_hash: await passwordHash(body.password) } : {}),
    });
    if (!changed) throw noUser(email);
    return { body: `email ${email} updated` };
  }),
  instanceRoute(globalUserDelete, async ({ params: { email }, principal, now }) => {
    if (email === principal.email) throw badRequest('Bad request: you cannot delete yourself');
    if ((await deps.users.get(email)) === undefined) throw noUser(email);
    await deps.users.remove(email);
    for (const { workspace, username } of await deps.users.memberships(email))
      await leaveWorkspace(deps, workspace, { username, email }, now);
    return { body: `email ${email} deleted` };
  }),
  instanceRoute(existsEmail, async ({ params }) => ({ body: (await deps.users.get(params.email)) !== undefined })),
];

/** Logging in and out, and the users of the instance. */
export const loginRoutes = (deps: LoginDeps): Route[] => [...sessionRoutes(deps), ...userRoutes(deps)];
