import type { AuditLog } from '../../shared/aws/audit-log.ts';
import { listAuditLogs } from '../../shared/contracts/audit.ts';
import { type Route, route } from '../../shared/http/route.ts';
import type { AuditEntry } from '../../shared/model/audit.ts';

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

/** The audit log, for whoever may see it. */
export const auditRoutes = (deps: { audit: Pick<AuditLog, 'list'> }): Route[] => [
  route(listAuditLogs, async ({ params, query, standing }) => {
    const fits = (entry: AuditEntry): boolean =>
      (standing.is_admin || entry.username === standing.username) &&
      (query.username === undefined || entry.username === query.username) &&
      (query.operation === undefined || entry.operation === query.operation) &&
      (query.resource === undefined || entry.resource === query.resource) &&
      (query.action_kind === undefined || entry.action_kind === query.action_kind);
    const found = await deps.audit.list(params.workspace, {
      before: query.before,
      after: query.after,
      fits,
      skip: (query.page - 1) * query.per_page,
      limit: query.per_page,
    });
    return { body: found.map(view) };
  }),
];
