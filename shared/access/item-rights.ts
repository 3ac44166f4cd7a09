import type { Grants } from '../model/roster.ts';
import { granteesOf, grantOf, type Standing } from './standing.ts';

/** What one may do with an item that has a path: a script, variable, resource, flow, schedule. */
export type ItemRight = 'none' | 'read' | 'write';

const byPath = (standing: Standing, path: string): ItemRight => {
  const [kind, name = ''] = path.split('/');
  switch (kind) {
    case 'u':
      return standing.permissioned_as === `u/${name}` ? 'write' : 'none';
    case 'g':
      return standing.groups.includes(name) ? 'write' : 'none';
    case 'f': {
      const folder = standing.folders.find((known) => known.name === name);
      if (folder === undefined) return 'none';
      return folder.write ? 'write' : 'read';
    }
    default:
      return 'none';
  }
};

/**
 * The right of `standing` on the item at `path` that itself grants `extra_perms`. Admins may write everywhere; an
 * operator never more than read.
 */
const rightOn = (standing: Standing, path: string, extra_perms: Grants = {}): ItemRight => {
  if (standing.is_admin) return 'write';
  const rights = [byPath(standing, path), grantOf(extra_perms, granteesOf(standing))];
  if (rights.includes('write')) return standing.operator ? 'read' : 'write';
  return rights.includes('read') ? 'read' : 'none';
};

/** May he see the item? Running a script needs no more. */
export const mayRead = (standing: Standing, path: string, extra_perms?: Grants): boolean =>
  rightOn(standing, path, extra_perms) !== 'none';

export const mayWrite = (standing: Standing, path: string, extra_perms?: Grants): boolean =>
  rightOn(standing, path, extra_perms) === 'write';

/** Whether he owns what lies at `path`, which is what changing its grants needs. */
export const owns = (standing: Standing, path: string): boolean => {
  if (standing.is_admin) return true;
  if (standing.operator) return false;
  const [kind, name = ''] = path.split('/');
  if (kind === 'u') return standing.permissioned_as === `u/${name}`;
  return kind === 'f' && standing.folders.some((folder) => folder.name === name && folder.owner);
};
