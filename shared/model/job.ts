import { z } from 'zod';
import { Language } from './language.ts';
import { RunSettings } from './run-settings.ts';

/** What a job is made of (reference 1.3). Kinds of later capabilities join here. */
export const JobKind = z.enum(['script', 'preview', 'dependencies']);
export type JobKind = z.infer<typeof JobKind>;

/** `queued` and `running` are live; the others are terminal and never change again. */
export const JobStatus = z.enum(['queued', 'running', 'success', 'failure', 'canceled', 'skipped']);
export type JobStatus = z.infer<typeof JobStatus>;

/** Where a JSON text (arguments, result) or code is kept: by size in the job's own item, in an item beside it, or in S3. */
export const Payload = z.discriminatedUnion('at', [
  z.object({ at: z.literal('inline'), text: z.string() }),
  z.object({ at: z.literal('item'), name: z.string(), bytes: z.number() }),
  z.object({ at: z.literal('object'), key: z.string(), bytes: z.number() }),
]);
export type Payload = z.infer<typeof Payload>;

/** The last piece of a log, kept in the job's item when it is small: `start` counts characters of the whole log. */
export const LogTail = z.object({ start: z.number().int(), text: z.string() });
export type LogTail = z.infer<typeof LogTail>;

/**
 * What a job may owe others once it has ended, in the order in which it is paid: what frees room first, what still reads the
 * job's arguments and result before what removes them.
 */
export const FollowupName = z.enum(['slot', 'lock', 'handlers', 'tick', 'restart', 'wipe']);
export type FollowupName = z.infer<typeof FollowupName>;

/** What a queued job waits for, where it had been claimed before. */
export const WaitReason = z.enum(['no_capacity', 'concurrency_limit', 'retry', 'dependencies']);
export type WaitReason = z.infer<typeof WaitReason>;

/** Which job: ids are unique within a workspace. */
export type JobKey = { workspace: string; id: string };

/**
 * A job for its whole life, as stored. Times are milliseconds since 1970.
 * `attempt` is the fencing token: it only grows, and every write about an attempt names it. `tries` counts the attempts
 * that may have run user code; a claim given back because the lane was full does not count.
 */
export const Job = z.object({
  workspace: z.string(),
  id: z.string(),
  kind: JobKind,
  status: JobStatus,
  created_by: z.string(),
  permissioned_as: z.string(),
  email: z.string(),
  tag: z.string(),
  language: Language,
  path: z.string().optional(),
  hash: z.string().optional(),
  entrypoint: z.string().optional(),
  args: Payload,
  /** The code of a preview; a script's code is found by its hash. */
  code: Payload.optional(),
  created_at: z.number(),
  scheduled_for: z.number(),
  started_at: z.number().optional(),
  completed_at: z.number().optional(),
  duration_ms: z.number().optional(),
  attempt: z.number().int(),
  tries: z.number().int(),
  worker: z.string().optional(),
  /** Seconds the user's process may run. */
  timeout_s: z.number().int().positive(),
  trigger_kind: z.string().optional(),
  schedule_path: z.string().optional(),
  parent_job: z.string().optional(),
  root_job: z.string().optional(),
  visible_to_owner: z.boolean(),
  priority: z.number().int().optional(),
  canceled_by: z.string().optional(),
  canceled_reason: z.string().optional(),
  result: Payload.optional(),
  log_tail: LogTail.optional(),
  mem_peak: z.number().optional(),
  labels: z.array(z.string()).optional(),
  /** In percent, as its present attempt said last. */
  progress: z.number().int().optional(),
  /** What it still owes others, once it has ended. */
  followups: z.array(FollowupName).optional(),
  ...RunSettings.shape,
  /** How often secrets were recorded that must not stand in its log (MaskStore), over all attempts. */
  masks: z.number().int().optional(),
  /** The last attempt that streamed: readers look for no stream of another. */
  streamed: z.number().int().optional(),
  /** Whether arguments refer to variables or resources (`$var:...`), so that they must be resolved before it starts. */
  refs: z.boolean().optional(),
  /** Who launched it, when it runs on behalf of somebody else. */
  end_user_email: z.string().optional(),
  /** Seconds since 1970 from which a completed job counts as gone; absent: never by itself. */
  expires: z.number().int().optional(),
  /** Times it was tried again after a failure, by its retry policy. */
  retried: z.number().int().optional(),
  waits: WaitReason.optional(),
  /** Its arguments, result and log were wiped on request; the rest of it stays. */
  deleted: z.boolean().optional(),
  /** Digest of the request that made the job: a repeated Idempotency-Key with another request is refused by it. */
  request: z.string().optional(),
  /** Who made the last transition, and for which message: a refused write that finds its own `op` had succeeded. */
  op: z.string(),
});
export type Job = z.infer<typeof Job>;

/** A completed job: terminal for good. */
export const isCompleted = (status: JobStatus): boolean => status !== 'queued' && status !== 'running';

/** Whether the present attempt has streamed anything that may be shown. */
export const streamsNow = (job: Pick<Job, 'attempt' | 'streamed' | 'deleted'>): boolean =>
  job.streamed === job.attempt && job.deleted !== true;

/** Windmill counts `skipped` as success. */
export const isSuccess = (status: JobStatus): boolean => status === 'success' || status === 'skipped';

/** Whether a job goes by the queue that passes the others by. */
export const isUrgent = (job: Pick<Job, 'priority'>): boolean => (job.priority ?? 0) >= 1;

/** A run of a schedule whose time has not come; one that was claimed before and waits again is no longer in the future. */
export const isFutureTick = (
  job: Pick<Job, 'status' | 'schedule_path' | 'attempt' | 'scheduled_for'>,
  now: number,
): boolean =>
  job.status === 'queued' && job.schedule_path !== undefined && job.attempt === 0 && job.scheduled_for > now;

/** Restarts after a worker's death (reference 1.14): the first try and three more. */
export const MAX_TRIES = 4;

/** When arguments, result and log of a completed job are to go; undefined: not by themselves, or they are gone. */
export const deletionDueAt = (job: Pick<Job, 'completed_at' | 'delete_after_secs' | 'deleted'>): number | undefined =>
  job.completed_at === undefined || job.delete_after_secs === undefined || job.deleted === true
    ? undefined
    : job.completed_at + job.delete_after_secs * 1000;

/** What a refused claim means to whoever holds the message. */
export type RefusedClaim =
  | { is: 'mine'; job: Job }
  | { is: 'early'; waitMs: number }
  | { is: 'held'; job: Job }
  | { is: 'owing'; job: Job }
  | { is: 'deletion'; job: Job }
  | { is: 'over' };

/**
 * Reads a refused claim from the item as it stood. `mine`: the claim had succeeded and only its answer was lost.
 * `owing`: it has ended, and what it owes others may not have been paid. `deletion`: the message is about removing its
 * arguments, result and log, which it asked for. `over`: nothing is left to do for this message (the job is completed, or was never there).
 */
export const explainRefusedClaim = (job: Job | undefined, op: string, now: number): RefusedClaim => {
  if (job === undefined) return { is: 'over' };
  if (isCompleted(job.status)) {
    if (job.followups !== undefined) return { is: 'owing', job };
    return deletionDueAt(job) === undefined ? { is: 'over' } : { is: 'deletion', job };
  }
  if (job.status === 'running') return job.op === op ? { is: 'mine', job } : { is: 'held', job };
  return { is: 'early', waitMs: Math.max(0, job.scheduled_for - now) };
};
