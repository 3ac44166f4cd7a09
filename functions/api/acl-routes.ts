import { owns } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { ScriptCatalog } from '../../shared/aws/catalog-script-writes.ts';
import type { ScriptReads } from '../../shared/aws/catalog-scripts.ts';
import { addGranularAcls, getGranularAcls, removeGranularAcls } from '../../shared/contracts/acls.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditNote } from '../../shared/model/audit.ts';
import { notFound, Problem, unreachable } from '../../shared/model/errors.ts';
import type { Resource } from '../../shared/model/resource.ts';
import type { Grants } from '../../shared/model/roster.ts';
import type { Schedule } from '../../shared/model/schedule.ts';
import type { Variable } from '../../shared/model/variable.ts';
import { checkManages } from './group-routes.ts';
import { checkMayRead } from './item-checks.ts';
import { changeItem, type PathItem, type PathItems, readableItem } from './path-items.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

export type AclDeps = RosterDeps & {
  scripts: Pick<ScriptReads, 'head'>;
  catalog: Pick<ScriptCatalog, 'setGrants'>;
  variables: PathItems<Variable>['store'];
  resources: PathItems<Resource>['store'];
  schedules: PathItems<Schedule>['store'];
};

type Thing = {
  workspace: string;
  kind: 'script' | 'variable' | 'resource' | 'schedule' | 'folder' | 'group_';
  path: string;
};

const missing = ({ workspace, kind, path }: Thing): Problem =>
  notFound(`${kind} ${path} does not exist in workspace ${workspace}`);

const checkOwns = (standing: Standing, path: string): void => {
  if (!owns(standing, path))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} does not own ${path}, so may not share it`);
};

const grantsOn = async (deps: AclDeps, standing: Standing, thing: Thing, now: number): Promise<Grants> => {
  switch (thing.kind) {
    case 'script': {
      const head = await deps.scripts.head(thing.workspace, thing.path);
      if (head === undefined) throw missing(thing);
      checkMayRead(standing, thing.path, head.extra_perms);
      return head.extra_perms ?? {};
    }
    case 'variable':
      return (await readableItem({ what: 'variable', store: deps.variables }, standing, thing.path)).extra_perms;
    case 'resource':
      return (await readableItem({ what: 'resource', store: deps.resources }, standing, thing.path)).extra_perms;
    case 'schedule':
      return (await readableItem({ what: 'schedule', store: deps.schedules }, standing, thing.path)).extra_perms;
    case 'folder': {
      const folder = (await rosterOf(deps, thing.workspace, now)).folders.get(thing.path);
      if (folder === undefined) throw missing(thing);
      checkMayRead(standing, `f/${thing.path}`);
      return folder.extra_perms;
    }
    case 'group_': {
      const group = (await rosterOf(deps, thing.workspace, now)).groups.get(thing.path);
      if (group === undefined) throw missing(thing);
      return group.extra_perms;
    }
    default:
      return unreachable(thing.kind);
  }
};

/** The owner of a path may write what lies there, so this is asked after and holds. */
const changeGrants = <T extends PathItem>(
  items: PathItems<T>,
  standing: Standing,
  path: string,
  next: (grants: Grants) => Grants,
): Promise<void> =>
  changeItem(items, standing, path, (seen) => {
    checkOwns(standing, path);
    return { ...seen, extra_perms: next(seen.extra_perms), rev: seen.rev + 1 };
  });

/** Changes the grants on a thing; whoever asks must own it (manage it, if a group), as it stands at the write. */
const change = async (
  deps: AclDeps,
  standing: Standing,
  thing: Thing,
  next: (grants: Grants) => Grants,
): Promise<void> => {
  switch (thing.kind) {
    case 'script': {
      const head = await deps.scripts.head(thing.workspace, thing.path);
      if (head === undefined) throw missing(thing);
      checkOwns(standing, thing.path);
      if (!(await deps.catalog.setGrants(thing.workspace, head, next(head.extra_perms ?? {}))))
        throw new Problem(409, `${thing.path} was changed at the same time: try again`);
      return;
    }
    case 'schedule':
      return changeGrants({ what: 'schedule', store: deps.schedules }, standing, thing.path, next);
    case 'variable':
      return changeGrants({ what: 'variable', store: deps.variables }, standing, thing.path, next);
    case 'resource':
      return changeGrants({ what: 'resource', store: deps.resources }, standing, thing.path, next);
    case 'folder': {
      const changed = await deps.writes.changeFolder(thing.workspace, thing.path, (folder) => {
        checkOwns(standing, `f/${thing.path}`);
        return { ...folder, extra_perms: next(folder.extra_perms) };
      });
      if (changed === undefined) throw missing(thing);
      return;
    }
    case 'group_': {
      const changed = await deps.writes.changeGroup(thing.workspace, thing.path, (group) => {
        checkManages(standing, group);
        return { ...group, extra_perms: next(group.extra_perms) };
      });
      if (changed === undefined) throw missing(thing);
      return;
    }
    default:
      unreachable(thing.kind);
  }
};

const about = ({ kind, path }: Pick<Thing, 'kind' | 'path'>, affected: string): AuditNote => ({
  parameters: { kind, affected },
  ...(kind === 'script' ? {} : { history: kind === 'folder' ? `folder/${path}` : `group/${path}` }),
});

/** Grants on single things. */
export const aclRoutes = (deps: AclDeps): Route[] => [
  route(getGranularAcls, async ({ params, standing, now }) => ({
    body: await grantsOn(deps, standing, params, now),
  })),
  route(addGranularAcls, async ({ params, body: { owner, write }, standing }) => {
    await change(deps, standing, params, (grants) => ({ ...grants, [owner]: write ?? false }));
    return { body: `Successfully shared ${params.kind} ${params.path} with ${owner}`, audit: about(params, owner) };
  }),
  route(removeGranularAcls, async ({ params, body: { owner }, standing }) => {
    await change(deps, standing, params, ({ [owner]: _taken, ...others }) => others);
    return { body: `Successfully unshared ${params.kind} ${params.path} with ${owner}`, audit: about(params, owner) };
  }),
];
