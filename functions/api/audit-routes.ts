import type { z } from 'zod';
import type { Standing } from '../../shared/access/standing.ts';
import type { AuditLog } from '../../shared/aws/audit-log.ts';
import type { WorkspaceCatalog } from '../../shared/aws/catalog-workspaces.ts';
import { getAuditLog, listAuditLogs } from '../../shared/contracts/audit.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditEntry } from '../../shared/model/audit.ts';
import { notFound } from '../../shared/model/errors.ts';
import { checkSeesAll } from './sees-all.ts';

export type AuditDeps = { audit: Pick<AuditLog, 'get' | 'list'>; workspaces: Pick<WorkspaceCatalog, 'list'> };

const view = ({
  workspace,
  id,
  timestamp,
  username,
  operation,
  action_kind,
  resource,
  email,
  job,
  parameters,
}: AuditEntry) => ({
  workspace_id: workspace,
  id,
  timestamp: new Date(timestamp).toISOString(),
  username,
  operation,
  action_kind,
  ...(resource === undefined ? {} : { resource }),
  parameters: { email, ...(job === undefined ? {} : { job }), ...parameters },
});

type Query = z.output<typeof listAuditLogs.query>;

const mayKnow = (entry: AuditEntry, standing: Standing): boolean =>
  standing.is_admin || entry.username === standing.username;

const fits = (entry: AuditEntry, query: Query): boolean =>
  (query.username === undefined || entry.username === query.username) &&
  (query.operation === undefined || entry.operation.startsWith(query.operation)) &&
  (query.operations === undefined || query.operations.includes(entry.operation)) &&
  query.exclude_operations?.includes(entry.operation) !== true &&
  (query.resource === undefined || entry.resource?.startsWith(query.resource) === true) &&
  (query.action_kind === undefined || entry.action_kind === query.action_kind);

/** The audit log, for whoever may see it. */
export const auditRoutes = (deps: AuditDeps): Route[] => [
  route(listAuditLogs, async ({ params: { workspace }, query, standing, principal }) => {
    const { before, after, before_id, page, per_page, all_workspaces } = query;
    if (all_workspaces) checkSeesAll(principal, workspace, 'the audit log');
    const workspaces = all_workspaces ? (await deps.workspaces.list()).map(({ id }) => id) : [workspace];
    const found: AuditEntry[] = [];
    for (const each of workspaces)
      found.push(
        ...(await deps.audit.list(each, {
          before,
          after,
          before_id,
          fits: (entry) => mayKnow(entry, standing) && fits(entry, query),
          skip: 0,
          limit: page * per_page,
        })),
      );
    const newestFirst = found.sort((a, b) => b.id - a.id);
    return { body: newestFirst.slice((page - 1) * per_page, page * per_page).map(view) };
  }),
  route(getAuditLog, async ({ params: { workspace, id }, standing }) => {
    const entry = await deps.audit.get(workspace, id);
    if (entry === undefined || !mayKnow(entry, standing))
      throw notFound(`workspace ${workspace} has no line ${id} in its audit log that you may see`);
    return { body: view(entry) };
  }),
];
