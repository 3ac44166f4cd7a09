import { mayRead, mayWrite } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import { badRequest, Problem } from '../../shared/model/errors.ts';
import type { Grants } from '../../shared/model/roster.ts';

/** Throws 403 when the item at `path`, which exists, may not be seen. */
export const checkMayRead = (standing: Standing, path: string, extra_perms?: Grants): void => {
  if (!mayRead(standing, path, extra_perms))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not read ${path}`);
};

/** Throws 403 when nothing may be made or changed at `path`. */
export const checkMayWrite = (standing: Standing, path: string, extra_perms?: Grants): void => {
  if (!mayWrite(standing, path, extra_perms))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not write ${path}`);
};

/** Throws for a group or folder that was not made: 400 for a name that is taken, 403 for one that is given up. */
export const checkMade = (made: 'made' | 'exists' | 'former', what: string): void => {
  if (made === 'exists') throw badRequest(`${what} already exists`);
  if (made === 'former')
    throw new Problem(
      403,
      `Permission denied: there was a ${what}, and what was its own would be yours: only an admin may make it again`,
    );
};
