import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import type { LoginAttempts } from '../../shared/aws/login-attempts.ts';
import { isPassword, passwordHash } from '../../shared/aws/passwords.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  isPasswordLoginDisabled,
  isSmtpConfigured,
  login,
  logout,
  refreshUserToken,
  setPassword,
} from '../../shared/contracts/login.ts';
import { tokenOf } from '../../shared/http/authenticate.ts';
import { instanceRoute, openRoute, type Route } from '../../shared/http/route.ts';
import { networkOf } from '../../shared/http/source-address.ts';
import type { AuditTrail } from '../../shared/jobs/value-ports.ts';
import type { AuditLine } from '../../shared/model/audit.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import { sha256Hex } from '../../shared/model/ids.ts';
import { isAlive, isSession, SESSION_LABEL, type StoredToken, TOKEN_PREFIX_CHARS } from '../../shared/model/token.ts';

export type LoginDeps = {
  users: UserCatalog;
  tokens: Pick<TokenCatalog, 'create' | 'read' | 'replace' | 'revoke'>;
  attempts: LoginAttempts;
  audit: AuditTrail;
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

const sessionOf = async (token: string, email: string, now: number): Promise<StoredToken> => ({
  hash: await sha256Hex(token),
  prefix: token.slice(0, TOKEN_PREFIX_CHARS),
  email,
  label: SESSION_LABEL,
  created_at: now,
  expiration: now + SESSION_MS,
});

const endedMeanwhile = (): Problem => new Problem(401, 'Unauthorized: this session was renewed or ended already');

const loginLine = (operation: string, username: string, email: string, timestamp: number): AuditLine => ({
  workspace: 'admins',
  timestamp,
  username,
  email,
  operation,
  action_kind: 'Execute',
});

/** In the same words whether there is such a user or not; the audit log tells admins that somebody tries. */
const refuseLogin = async (audit: AuditTrail, email: string, now: number): Promise<never> => {
  await audit.append(loginLine('users.login_failure', 'anonymous', email, now));
  throw badRequest('Invalid login');
};

const sessionRoutes = (deps: LoginDeps): Route[] => [
  openRoute(login, async ({ body, request, now }) => {
    const email = body.email.toLowerCase();
    const network = request.source === undefined ? undefined : networkOf(request.source);
    if (!(await deps.attempts.take({ account: await sha256Hex(email), network }, now)))
      throw new Problem(429, 'Too many tries to log in: wait a quarter of an hour');
    const user = await deps.users.get(email);
    if (!(await isPassword(body.password, user?.password_hash)) || user === undefined || user.disabled === true)
      return refuseLogin(deps.audit, email, now);
    const token = deps.newToken();
    await deps.tokens.create(await sessionOf(token, email, now));
    await deps.audit.append(loginLine('users.login', user.username, email, now));
    return { body: token, headers: { 'set-cookie': cookie(token, SESSION_MS / 1000, request.headers) } };
  }),
  instanceRoute(refreshUserToken, async ({ principal, query, request, now }) => {
    const present = tokenOf(request) ?? '';
    const old = await deps.tokens.read(await sha256Hex(present));
    if (old === undefined || old.email !== principal.email || !isAlive(old, now)) throw endedMeanwhile();
    if (!isSession(old)) throw badRequest('Bad request: only a session is renewed: log in, or make another token');
    const atLeast = query.if_expiring_in_less_than_s;
    if (atLeast !== undefined && (old.expiration ?? now) - now >= atLeast * 1000) return { body: present };
    const token = deps.newToken();
    if (!(await deps.tokens.replace(old, { ...old, ...(await sessionOf(token, old.email, now)) })))
      throw endedMeanwhile();
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

/** Logging in and out. */
export const loginRoutes = (deps: LoginDeps): Route[] => [
  ...sessionRoutes(deps),
  openRoute(isSmtpConfigured, () => ({ body: false as const })),
  openRoute(isPasswordLoginDisabled, () => ({ body: false as const })),
];
