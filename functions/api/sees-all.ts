import type { Principal } from '../../shared/access/principal.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';

/** What concerns no workspace, or all of them, is asked for here. */
const ADMINS = 'admins';

/** Whether somebody may know what happens in all workspaces. A token of one workspace, and a job, see no other, whoever's they are. */
export const seesAll = (principal: Principal): boolean =>
  principal.kind === 'user' && principal.super_admin && principal.workspace === undefined;

/** Throws 400 or 403 where `all_workspaces` may not be asked for; `what` is what it would show. */
export const checkSeesAll = (principal: Principal, workspace: string, what: string): void => {
  if (workspace !== ADMINS) throw badRequest(`Bad request: query all_workspaces: is for the workspace ${ADMINS} only`);
  if (!seesAll(principal))
    throw new Problem(403, `Permission denied: only a superadmin sees ${what} of all workspaces`);
};
