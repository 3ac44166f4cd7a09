import { z } from 'zod';

/** A job on the wire: QueuedJob or CompletedJob of Windmill's clients. Absent fields do not apply. */
export const JobAnswer = z
  .object({
    type: z.enum(['QueuedJob', 'CompletedJob']),
    workspace_id: z.string(),
    id: z.string(),
    job_kind: z.string(),
    created_by: z.string(),
    created_at: z.string(),
    permissioned_as: z.string(),
    email: z.string(),
    tag: z.string(),
    canceled: z.boolean(),
    is_flow_step: z.boolean(),
    visible_to_owner: z.boolean(),
    script_path: z.string().optional(),
    script_hash: z.string().optional(),
    language: z.string().optional(),
    started_at: z.string().optional(),
    /** Queued jobs. */
    scheduled_for: z.string().optional(),
    running: z.boolean().optional(),
    /** Why it does not run: scheduled, no_worker_for_tag, no_capacity, concurrency_limit, retry, dependencies, or just queued. */
    waits_for: z.string().optional(),
    /** Completed jobs. */
    completed_at: z.string().optional(),
    duration_ms: z.number().optional(),
    success: z.boolean().optional(),
    is_skipped: z.boolean().optional(),
    args: z.json().optional(),
    result: z.json().optional(),
    logs: z.string().optional(),
    raw_code: z.string().optional(),
  })
  .loose();
