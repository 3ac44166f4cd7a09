import type { Grants } from './roster.ts';
import type { HistoryEntry, ScriptHead, ScriptVersion } from './script.ts';
import type { ScriptLock } from './script-lock.ts';

/** A script in a list, as Windmill's clients read it. */
export const listedScript = (workspace: string, head: ScriptHead) => ({
  workspace_id: workspace,
  hash: head.hash,
  path: head.path,
  summary: head.summary,
  created_by: head.created_by,
  created_at: new Date(head.created_at).toISOString(),
  archived: head.archived,
  language: head.language,
  kind: head.kind,
  tag: head.tag ?? null,
  labels: head.labels ?? [],
  is_template: head.is_template ?? false,
  no_main_func: head.no_main_func ?? false,
  starred: false,
  extra_perms: head.extra_perms ?? {},
  ws_error_handler_muted: false,
});

/** A lock that its author gave stands before the one that was made for it; none yet, or none needed, is an empty text. */
export const lockView = (version: Pick<ScriptVersion, 'lock'>, made: ScriptLock | undefined) => ({
  lock: version.lock || (made?.state === 'ready' ? made.lock : ''),
  lock_error_logs: made?.state === 'failed' ? made.error : null,
});

/** A version with everything but its schema, which is JSON text and stands beside it. */
export const scriptView = (
  workspace: string,
  { schema: _schema, on_behalf_of, lock_job: _job, ...version }: ScriptVersion,
  extra_perms: Grants = {},
  made?: ScriptLock,
) => ({
  ...version,
  workspace_id: workspace,
  created_at: new Date(version.created_at).toISOString(),
  ...lockView(version, made),
  tag: version.tag ?? null,
  labels: version.labels ?? [],
  is_template: version.is_template ?? false,
  no_main_func: version.no_main_func ?? false,
  has_preprocessor: version.has_preprocessor ?? false,
  starred: false,
  extra_perms,
  ...(on_behalf_of === undefined ? {} : { on_behalf_of_email: on_behalf_of.email }),
  ws_error_handler_muted: version.ws_error_handler_muted ?? false,
});

/** A line of a script's history. */
export const historyLine = (entry: HistoryEntry) => ({
  script_hash: entry.hash,
  created_at: new Date(entry.created_at).toISOString(),
  created_by: entry.created_by,
  ...(entry.deployment_message === undefined ? {} : { deployment_msg: entry.deployment_message }),
});
