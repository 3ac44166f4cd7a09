import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { JobId } from '../model/ids.ts';
import { Language } from '../model/language.ts';
import { ScriptHash, ScriptPath } from '../model/script.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoParams, NoQuery, noBody } from './contract.ts';
import { JobAnswer } from './job-shapes.ts';
import { InWorkspace } from './params.ts';
import { Flag, JsonText, Page, PerPage, Time, wholeNumber } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;

/** Texts are lists (`a,b`: one of them; `!a,b`: none of them); `*` works in label, tag and worker with `allow_wildcards`. */
export const JobListQuery = z.object({
  page: Page.default(1),
  per_page: PerPage.default(30),
  order_desc: Flag.default(true),
  created_by: z.string().optional(),
  label: z.string().optional(),
  worker: z.string().optional(),
  tag: z.string().optional(),
  allow_wildcards: Flag.optional(),
  script_path_exact: z.string().max(1_000).optional(),
  script_path_start: z.string().optional(),
  script_hash: ScriptHash.optional(),
  schedule_path: z.string().optional(),
  trigger_kind: z.string().optional(),
  parent_job: JobId.optional(),
  has_null_parent: Flag.optional(),
  is_flow_step: Flag.optional(),
  is_skipped: Flag.optional(),
  is_not_schedule: Flag.optional(),
  job_kinds: z.string().optional(),
  running: Flag.optional(),
  success: Flag.optional(),
  status: z.string().optional(),
  scheduled_for_before_now: Flag.optional(),
  created_before: Time.optional(),
  created_after: Time.optional(),
  created_before_queue: Time.optional(),
  created_after_queue: Time.optional(),
  started_before: Time.optional(),
  started_after: Time.optional(),
  completed_before: Time.optional(),
  completed_after: Time.optional(),
  broad_filter: z.string().optional(),
  args: JsonText.optional(),
  result: JsonText.optional(),
});
export type JobListQuery = z.output<typeof JobListQuery>;

/** The queue reads from the job that is due first, unless asked otherwise. */
const QueueListQuery = JobListQuery.extend({
  order_desc: Flag.default(false),
  /** For superadmins, in the workspace `admins`. */
  all_workspaces: Flag.default(false),
});

const jobs = { params: InWorkspace, query: JobListQuery, body: noBody, answer: jsonAnswer(200, z.array(JobAnswer)) };

export const listJobs = contract({
  id: 'listJobs',
  method: 'GET',
  path: '/w/{workspace}/jobs/list',
  summary: 'Jobs, newest first, without arguments and results',
  ...jobs,
  access: mayRead,
});

export const listQueue = contract({
  id: 'listQueue',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/list',
  summary: 'Jobs that are queued or running, by `scheduled_for`',
  ...jobs,
  query: QueueListQuery,
  access: mayRead,
});

export const listCompletedJobs = contract({
  id: 'listCompletedJobs',
  method: 'GET',
  path: '/w/{workspace}/jobs/completed/list',
  summary: 'Jobs that are completed',
  ...jobs,
  access: mayRead,
});

export const listFilteredJobsUuids = contract({
  id: 'listFilteredJobsUuids',
  method: 'GET',
  path: '/w/{workspace}/jobs/list_filtered_uuids',
  summary: 'Ids of jobs',
  params: InWorkspace,
  query: JobListQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

export const listFilteredQueueUuids = contract({
  id: 'listFilteredQueueUuids',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/list_filtered_uuids',
  summary: 'Ids of jobs that are queued or running',
  params: InWorkspace,
  query: QueueListQuery,
  body: noBody,
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRead,
});

/** Counts stop at 10,000: read that as "at least". */
export const getQueueCount = contract({
  id: 'getQueueCount',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/count',
  summary: 'Jobs that are due and wait for a worker',
  params: InWorkspace,
  query: z.object({ tags: z.string().optional() }),
  body: noBody,
  answer: jsonAnswer(200, z.object({ database_length: z.number(), suspended: z.number() })),
  access: mayRead,
});

export const getCompletedCount = contract({
  id: 'getCompletedCount',
  method: 'GET',
  path: '/w/{workspace}/jobs/completed/count',
  summary: 'Jobs that are completed',
  params: InWorkspace,
  query: z.object({ tags: z.string().optional() }),
  body: noBody,
  answer: jsonAnswer(200, z.object({ database_length: z.number() })),
  access: mayRead,
});

export const countCompletedJobs = contract({
  id: 'countCompletedJobs',
  method: 'GET',
  path: '/w/{workspace}/jobs/completed/count_jobs',
  summary: 'Completed jobs, of those made in the last seconds given',
  params: InWorkspace,
  query: z.object({
    completed_after_s_ago: wholeNumber(0, 1_000_000_000).optional(),
    success: Flag.optional(),
    tags: z.string().optional(),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.number()),
  access: mayRead,
});

/** Of each workspace at most 10,000 jobs are counted. */
export const countJobsByTag = contract({
  id: 'countJobsByTag',
  method: 'GET',
  path: '/jobs/completed/count_by_tag',
  summary: 'Completed jobs by tag, of those made in the last seconds given (an hour), in one workspace or all',
  params: NoParams,
  query: z.object({
    horizon_secs: wholeNumber(0, 1_000_000_000).default(3_600),
    workspace_id: WorkspaceId.optional(),
  }),
  body: noBody,
  answer: jsonAnswer(200, z.array(z.object({ tag: z.string(), count: z.number() }))),
  access: { needs: 'superadmin' },
});

export const getQueuePosition = contract({
  id: 'getQueuePosition',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/position/{scheduled_for}',
  summary: 'The place in the queue of a job due at this time (milliseconds since 1970)',
  params: z.object({ workspace: WorkspaceId, scheduled_for: wholeNumber(0, Number.MAX_SAFE_INTEGER) }),
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.object({ position: z.number() })),
  access: mayRead,
});

/** Many jobs at once, as Windmill's benchmarks make them. */
export const addBatchJobs = contract({
  id: 'addBatchJobs',
  method: 'POST',
  path: '/w/{workspace}/jobs/add_batch_jobs/{n}',
  summary: 'Queue n equal jobs without arguments (at most 10,000); answers their ids',
  params: z.object({ workspace: WorkspaceId, n: wholeNumber(1, 10_000) }),
  query: NoQuery,
  body: jsonBody(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('script'),
        path: ScriptPath.nullish(),
        hash: ScriptHash.nullish(),
        tag: z.string().max(50).nullish(),
      }),
      z.object({
        kind: z.literal('rawscript'),
        rawscript: z.object({ content: z.string().max(100_000), language: Language, path: z.string().nullish() }),
        tag: z.string().max(50).nullish(),
      }),
    ]),
  ),
  answer: jsonAnswer(201, z.array(z.string())),
  access: { needs: 'workspace', right: 'run' },
});
