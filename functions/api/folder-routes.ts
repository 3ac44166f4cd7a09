import { mayRead, owns } from '../../shared/access/item-rights.ts';
import type { Standing } from '../../shared/access/standing.ts';
import {
  addOwnerToFolder,
  createFolder,
  deleteFolder,
  existsFolder,
  getFolder,
  listFolderNames,
  listFolders,
  removeOwnerToFolder,
  updateFolder,
} from '../../shared/contracts/folders.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditNote } from '../../shared/model/audit.ts';
import { notFound, Problem } from '../../shared/model/errors.ts';
import type { Folder } from '../../shared/model/roster.ts';
import { checkMade, checkMayRead } from './item-checks.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

const view = (workspace: string, folder: Folder) => ({
  workspace_id: workspace,
  name: folder.name,
  display_name: folder.display_name ?? folder.name,
  summary: folder.summary,
  owners: folder.owners,
  extra_perms: folder.extra_perms,
  created_by: folder.created_by,
  edited_at: new Date(folder.edited_at).toISOString(),
});

const noFolder = (workspace: string, name: string): Problem =>
  notFound(`folder ${name} does not exist in workspace ${workspace}`);

const checkOwns = (standing: Standing, name: string): void => {
  if (!owns(standing, `f/${name}`))
    throw new Problem(403, `Permission denied: ${standing.permissioned_as} does not own folder ${name}`);
};

const visible = async (deps: RosterDeps, standing: Standing, now: number): Promise<Folder[]> =>
  [...(await rosterOf(deps, standing.workspace, now)).folders.values()].filter(({ name }) =>
    mayRead(standing, `f/${name}`),
  );

const readingRoutes = (deps: RosterDeps): Route[] => [
  route(listFolders, async ({ params, standing, now }) => ({
    body: (await visible(deps, standing, now)).map((folder) => view(params.workspace, folder)),
  })),
  route(listFolderNames, async ({ standing, query, now }) => ({
    body: (await visible(deps, standing, now))
      .map(({ name }) => name)
      .filter((name) => query.only_member_of !== true || standing.folders.some((folder) => folder.name === name)),
  })),
  route(getFolder, async ({ params: { workspace, name }, standing, now }) => {
    const folder = (await rosterOf(deps, workspace, now)).folders.get(name);
    if (folder === undefined) throw noFolder(workspace, name);
    checkMayRead(standing, `f/${name}`);
    return { body: view(workspace, folder) };
  }),
  route(existsFolder, async ({ params, now }) => ({
    body: (await rosterOf(deps, params.workspace, now)).folders.has(params.name),
  })),
];

const about = (name: string, affected?: string): AuditNote => ({
  resource: name,
  history: `folder/${name}`,
  ...(affected === undefined ? {} : { parameters: { affected } }),
});

const changingRoutes = (deps: RosterDeps): Route[] => {
  const change = async (standing: Standing, name: string, next: (folder: Folder) => Folder): Promise<void> => {
    const changed = await deps.writes.changeFolder(standing.workspace, name, (folder) => {
      checkOwns(standing, name);
      return next(folder);
    });
    if (changed === undefined) throw noFolder(standing.workspace, name);
  };
  return [
    route(createFolder, async ({ params: { workspace }, body, standing, now }) => {
      const { name } = body;
      const folder: Folder = {
        name,
        ...(body.display_name ? { display_name: body.display_name } : {}),
        summary: body.summary ?? '',
        owners: [...new Set([...(body.owners ?? []), ...granteeOf(standing)])],
        extra_perms: body.extra_perms ?? {},
        created_by: standing.username,
        edited_at: now,
      };
      checkMade(await deps.writes.addFolder(workspace, folder, standing.is_admin), `folder ${name}`);
      return { body: `Created folder ${name}`, audit: about(name) };
    }),
    route(updateFolder, async ({ params: { name }, body, standing, now }) => {
      await change(standing, name, (folder) => ({
        ...folder,
        ...(body.display_name ? { display_name: body.display_name } : {}),
        summary: body.summary ?? folder.summary,
        owners: body.owners ?? folder.owners,
        extra_perms: body.extra_perms ?? folder.extra_perms,
        edited_at: now,
      }));
      return { body: `Updated folder ${name}`, audit: about(name) };
    }),
    route(deleteFolder, async ({ params: { workspace, name }, standing, now }) => {
      if (!(await rosterOf(deps, workspace, now)).folders.has(name)) throw noFolder(workspace, name);
      checkOwns(standing, name);
      if (!(await deps.writes.removeFolder(workspace, name))) throw noFolder(workspace, name);
      return { body: `Deleted folder ${name}`, audit: about(name) };
    }),
    route(addOwnerToFolder, async ({ params: { name }, body: { owner }, standing, now }) => {
      await change(standing, name, (folder) => ({
        ...folder,
        owners: [...new Set([...folder.owners, owner])],
        edited_at: now,
      }));
      return { body: `Added ${owner} to folder ${name}`, audit: about(name, owner) };
    }),
    route(removeOwnerToFolder, async ({ params: { name }, body: { owner, write }, standing, now }) => {
      await change(standing, name, (folder) => {
        const { [owner]: _removed, ...others } = folder.extra_perms;
        return {
          ...folder,
          owners: folder.owners.filter((known) => known !== owner),
          extra_perms: write === undefined || write === null ? others : { ...others, [owner]: write },
          edited_at: now,
        };
      });
      return { body: `Removed ${owner} from folder ${name}`, audit: about(name, owner) };
    }),
  ];
};

/** A superadmin who is no member can hold no grant: he needs none. */
const granteeOf = (standing: Standing): string[] =>
  /^[ug]\//.test(standing.permissioned_as) ? [standing.permissioned_as] : [];

/** Folders of a workspace: the grants on parts of its paths. */
export const folderRoutes = (deps: RosterDeps): Route[] => [...readingRoutes(deps), ...changingRoutes(deps)];
