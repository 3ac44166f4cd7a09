import type { Principal } from '../access/principal.ts';
import type { Act } from '../access/scopes.ts';
import type { Standing } from '../access/standing.ts';
import { type AuditLine, type AuditNote, actionKindOf } from '../model/audit.ts';

/** What concerns no workspace is told in this one. */
const INSTANCE = 'admins';
/** Parts of paths that say nothing about what is done. */
const SILENT = new Set(['queue', 'p', 'h']);

/** `scripts.archive` of `/w/{workspace}/scripts/archive/p/{path+}`. */
const operationOf = (path: string, domain: string): string => {
  const segments = path.split('/').slice(1);
  const words = (segments[0] === 'w' ? segments.slice(3) : segments.slice(1)).filter(
    (segment) => !segment.startsWith('{') && !SILENT.has(segment),
  );
  return [domain, ...words].join('.');
};

/** The line that a request leaves in the audit log. */
export const auditLine = (
  done: {
    path: string;
    act: Act;
    principal: Principal;
    standing?: Standing | undefined;
    params: Record<string, string>;
    note?: AuditNote | undefined;
  },
  now: number,
): AuditLine => {
  const { path, act, principal, standing, params, note } = done;
  const operation = operationOf(path, act.domain);
  const resource = act.path ?? params.username ?? params.email ?? params.id ?? params.hash ?? params.token_prefix;
  return {
    workspace: params.workspace ?? INSTANCE,
    timestamp: now,
    username: standing?.username ?? principal.username,
    email: principal.email,
    operation,
    action_kind: actionKindOf(operation),
    ...(resource === undefined ? {} : { resource }),
    ...(principal.kind === 'job' ? { job: principal.job_id } : {}),
    ...note,
  };
};
