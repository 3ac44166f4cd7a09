import type { Payload } from './job.ts';
import type { JsonObject } from './json.ts';
import type { Language } from './language.ts';
import type { RunSettings } from './run-settings.ts';

/** What shall run: a version of a deployed script, or code that came with the request. */
export type Runnable =
  | { kind: 'script'; path: string; hash: string; language: Language }
  | { kind: 'preview'; path?: string; code: string; language: Language }
  /** What a version needs is looked for, so that it can run. */
  | { kind: 'dependencies'; path: string; hash: string; language: Language }
  /** The same for code that came with the request. */
  | { kind: 'dependencies'; path?: string; code: string; language: Language };

/** Whom a job belongs to: `created_by` launched it, `permissioned_as` decides its rights (reference 2.1). */
type Ownership = {
  created_by: string;
  permissioned_as: string;
  email: string;
  /** The launcher's email, when the job does not run as him. */
  end_user_email?: string;
};

/** A request to run something, complete and already allowed. */
export type RunRequest = {
  workspace: string;
  runnable: Runnable;
  args: JsonObject;
  /** The text that `args` was parsed from, when it came as a JSON object and nothing was changed: kept as it is. */
  argsText?: string;
  /** Arguments that lie in their job's place in S3 already; `args` is empty then. */
  storedArgs?: Extract<Payload, { at: 'object' }>;
  owner: Ownership;
  tag: string;
  timeout_s: number;
  /** Chosen by the caller, or made from his Idempotency-Key, or fresh. */
  id: string;
  /** True when the same id may come again with the same request and then means the same job. */
  repeatable: boolean;
  /** Milliseconds since 1970; now when not given by the caller. */
  scheduled_for: number;
  visible_to_owner: boolean;
  trigger_kind?: string;
  /** The schedule that it is a tick of. */
  schedule_path?: string;
  parent_job?: string;
  root_job?: string;
  entrypoint?: string;
  priority?: number;
  labels?: string[];
  settings?: RunSettings;
};

/** The arguments of a request as JSON text: as they were sent, where that is known. */
export const textOf = (request: Pick<RunRequest, 'args' | 'argsText'>): string =>
  request.argsText ?? JSON.stringify(request.args);
