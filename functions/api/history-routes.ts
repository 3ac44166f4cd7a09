import { owns } from '../../shared/access/item-rights.ts';
import type { AuditLog } from '../../shared/aws/audit-log.ts';
import { getFolderPermissionHistory, getGroupPermissionHistory } from '../../shared/contracts/audit.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditEntry, AuditHistory } from '../../shared/model/audit.ts';
import { notFound, Problem } from '../../shared/model/errors.ts';
import { checkManages } from './group-routes.ts';
import { type RosterDeps, rosterOf } from './roster-of.ts';

export type HistoryDeps = Pick<RosterDeps, 'rosters'> & { audit: Pick<AuditLog, 'list'> };

/** `change_type` is the operation of the audit log, such as `groups.adduser`. */
const change = ({ id, username, timestamp, operation }: AuditEntry) => ({
  id,
  changed_by: username,
  changed_at: new Date(timestamp).toISOString(),
  change_type: operation,
});

/** What was changed in a group or folder and its grants. Whoever has none of it any more, for it was deleted, must be an admin. */
export const historyRoutes = (deps: HistoryDeps): Route[] => {
  const changes = (workspace: string, history: AuditHistory, { page, per_page }: { page: number; per_page: number }) =>
    deps.audit.list(workspace, { history, fits: () => true, skip: (page - 1) * per_page, limit: per_page });
  return [
    route(getGroupPermissionHistory, async ({ params: { workspace, name }, query, standing, now }) => {
      const group = (await rosterOf(deps, workspace, now)).groups.get(name);
      if (group !== undefined) checkManages(standing, group);
      else if (!standing.is_admin) throw notFound(`group ${name} does not exist in workspace ${workspace}`);
      const found = await changes(workspace, `group/${name}`, query);
      return {
        body: found.map((entry) => ({ ...change(entry), member_affected: entry.parameters?.affected ?? null })),
      };
    }),
    route(getFolderPermissionHistory, async ({ params: { workspace, name }, query, standing, now }) => {
      const exists = (await rosterOf(deps, workspace, now)).folders.has(name);
      if (!exists && !standing.is_admin) throw notFound(`folder ${name} does not exist in workspace ${workspace}`);
      if (!owns(standing, `f/${name}`))
        throw new Problem(403, `Permission denied: ${standing.permissioned_as} does not own folder ${name}`);
      const found = await changes(workspace, `folder/${name}`, query);
      return { body: found.map((entry) => ({ ...change(entry), affected: entry.parameters?.affected ?? null })) };
    }),
  ];
};
