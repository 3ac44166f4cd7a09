import { passwordHash } from '../../shared/aws/passwords.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import {
  createUserGlobally,
  existsEmail,
  globalUserDelete,
  globalUsernameInfo,
  globalUserUpdate,
  leaveInstance,
  listUsersAsSuperAdmin,
} from '../../shared/contracts/users.ts';
import { instanceRoute, type Route } from '../../shared/http/route.ts';
import { badRequest, notFound, type Problem } from '../../shared/model/errors.ts';
import { usernameOf } from '../../shared/model/user.ts';
import { type LeavingDeps, lastSuperadmin, leaveEverything, removeUser } from './leave-instance.ts';

export type UserDeps = LeavingDeps & { users: UserCatalog };

const noUser = (email: string): Problem => notFound(`there is no user ${email}`);

/** The users of the instance. */
export const userRoutes = (deps: UserDeps): Route[] => [
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
    return { body: `email ${email} created`, audit: { resource: email } };
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
    if (changed === 'missing') throw noUser(email);
    if (changed === 'last superadmin') throw lastSuperadmin(email);
    return { body: `email ${email} updated` };
  }),
  instanceRoute(globalUserDelete, async ({ params: { email }, principal, now }) => {
    if (email === principal.email) throw badRequest('Bad request: you cannot delete yourself');
    if ((await deps.users.get(email)) === undefined) throw noUser(email);
    await removeUser(deps, email, now);
    return { body: `email ${email} deleted` };
  }),
  instanceRoute(leaveInstance, async ({ principal: { email }, now }) => {
    await leaveEverything(deps, email, now);
    return { body: `${email} left the instance`, audit: { resource: email } };
  }),
  instanceRoute(globalUsernameInfo, async ({ params: { email } }) => {
    const user = await deps.users.get(email);
    if (user === undefined) throw noUser(email);
    const memberships = await deps.users.memberships(email);
    const workspace_usernames = memberships.map(({ workspace, username }) => ({ workspace_id: workspace, username }));
    return { body: { username: user.username, workspace_usernames } };
  }),
  instanceRoute(existsEmail, async ({ params }) => ({ body: (await deps.users.get(params.email)) !== undefined })),
];
