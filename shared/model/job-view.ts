import { isCompleted, isSuccess, type Job, type Payload } from './job.ts';
import type { Json } from './json.ts';
import type { Waiting } from './waiting.ts';

/** From this size on `get` gives a placeholder, and the value itself stands behind a route of its own (reference 1.2). */
const TOO_BIG_BYTES = 90_000;
export const TOO_BIG_RESULT = '"WINDMILL_TOO_BIG"';
export const TOO_BIG_ARGS = '{"reason":"WINDMILL_TOO_BIG"}';

/** True when a payload is answered by a placeholder. */
export const isTooBig = (payload: Payload): boolean => payload.at !== 'inline' && payload.bytes >= TOO_BIG_BYTES;

/** JSON text of values that are JSON text already; `undefined` leaves a field out. */
export type RawFields = Record<string, string | undefined>;

/** JSON text of an object with further fields that are JSON text already: they are copied, never parsed, so no number changes. */
export const withRawFields = (object: object, raw: RawFields): string => {
  const fields = Object.entries(raw).flatMap(([name, text]) =>
    text === undefined ? [] : [`${JSON.stringify(name)}:${text}`],
  );
  const text = JSON.stringify(object);
  if (fields.length === 0) return text;
  return text === '{}' ? `{${fields.join()}}` : `${text.slice(0, -1)},${fields.join()}}`;
};

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOf = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : iso(ms));

const common = (job: Job) => ({
  workspace_id: job.workspace,
  id: job.id,
  parent_job: job.parent_job,
  root_job: job.root_job,
  created_by: job.created_by,
  created_at: iso(job.created_at),
  script_path: job.path,
  script_hash: job.hash,
  job_kind: job.kind,
  language: job.language,
  canceled: job.canceled_by !== undefined,
  canceled_by: job.canceled_by,
  canceled_reason: job.canceled_reason,
  schedule_path: job.schedule_path,
  trigger_kind: job.trigger_kind,
  permissioned_as: job.permissioned_as,
  email: job.email,
  is_flow_step: false,
  visible_to_owner: job.visible_to_owner,
  mem_peak: job.mem_peak,
  tag: job.tag,
  priority: job.priority,
  labels: job.labels,
  worker: job.worker,
});

/**
 * A job as Windmill's clients read it (QueuedJob or CompletedJob), with only such arguments, result and logs as are given.
 * Fields that do not apply are undefined, and so absent on the wire. A job canceled before it started counts as started
 * at its end.
 */
export const jobView = (job: Job, more: { args?: Json; result?: Json; waits_for?: Waiting | undefined } = {}) =>
  isCompleted(job.status)
    ? {
        type: 'CompletedJob' as const,
        ...common(job),
        started_at: iso(job.started_at ?? job.completed_at ?? job.created_at),
        completed_at: isoOf(job.completed_at),
        duration_ms: job.duration_ms ?? 0,
        success: isSuccess(job.status),
        is_skipped: job.status === 'skipped',
        status: job.status,
        deleted: job.deleted ?? false,
        ...more,
      }
    : {
        type: 'QueuedJob' as const,
        ...common(job),
        started_at: isoOf(job.started_at),
        scheduled_for: iso(job.scheduled_for),
        running: job.status === 'running',
        waits_for: more.waits_for,
        ...more,
      };
