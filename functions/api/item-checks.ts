import { mayRead, mayWrite } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import { Problem } from '../../shared/model/errors.ts';
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
