import type { TokenCatalog } from '../../shared/aws/catalog-tokens.ts';
import type { InviteCatalog } from '../../shared/aws/invite-catalog.ts';
import type { UserCatalog } from '../../shared/aws/user-catalog.ts';
import { badRequest, type Problem } from '../../shared/model/errors.ts';
import { heirsOf, lastAdmin, leaveWorkspace } from './leave-workspace.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

export type LeavingDeps = RosterDeps & {
  users: Pick<UserCatalog, 'isLastSuperadmin' | 'memberships' | 'remove'>;
  tokens: Pick<TokenCatalog, 'list' | 'revoke'>;
  invites: Pick<InviteCatalog, 'ofEmail' | 'remove'>;
};

export const lastSuperadmin = (email: string): Problem =>
  badRequest(`${email} is the last superadmin: make somebody else one first`);

/** So that nothing of his waits for whoever gets his email next. */
const forgetUser = async ({ tokens, invites }: LeavingDeps, email: string): Promise<void> => {
  for (const { prefix } of await tokens.list(email)) await tokens.revoke(email, prefix);
  for (const { workspace } of await invites.ofEmail(email)) await invites.remove(email, workspace);
};

/**
 * Removes a user with all that is his, as a superadmin wills it: workspaces may lose their last admin by it. Doing it again
 * is harmless. Throws 400 for the last superadmin.
 */
export const removeUser = async (deps: LeavingDeps, email: string, now: number): Promise<void> => {
  if (!(await deps.users.remove(email))) throw lastSuperadmin(email);
  await forgetUser(deps, email);
  for (const { workspace, username } of await deps.users.memberships(email))
    await leaveWorkspace(deps, workspace, { username, email }, { now, keepAdmin: false });
};

/** Lets a user go who wants to. Throws 400, before anything is done, for the last superadmin and the last admin of a workspace. */
export const leaveEverything = async (deps: LeavingDeps, email: string, now: number): Promise<void> => {
  if (await deps.users.isLastSuperadmin(email)) throw lastSuperadmin(email);
  const memberships = await deps.users.memberships(email);
  for (const { workspace, username } of memberships) {
    const roster = await rosterOf(deps, workspace, now);
    if (roster.members.get(username)?.is_admin === true && heirsOf(roster, username).length === 0)
      throw lastAdmin(workspace, username);
  }
  for (const { workspace, username } of memberships)
    await leaveWorkspace(deps, workspace, { username, email }, { now, keepAdmin: true });
  await removeUser(deps, email, now);
};
