import { z } from 'zod';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, NoParams, NoQuery, noBody } from './contract.ts';
import { InWorkspace } from './params.ts';
import { Flag, Page, PerPage, wholeNumber } from './query-values.ts';

const read = { method: 'GET', params: NoParams, body: noBody } as const;
const forAll = { ...read, access: { needs: 'login' } } as const;
const forSuperadmins = { ...read, query: NoQuery, access: { needs: 'superadmin' } } as const;

const WorkerPing = z.object({
  worker: z.string(),
  worker_instance: z.string(),
  last_ping: z.number(),
  started_at: z.string(),
  ip: z.string(),
  jobs_executed: z.number(),
  custom_tags: z.array(z.string()),
  worker_group: z.string(),
  wm_version: z.string(),
  last_job_id: z.string().optional(),
  last_job_workspace_id: z.string().optional(),
  memory: z.number().optional(),
});

/** A worker shows itself once it holds a job for some seconds, and no worker lives while no job runs: an empty list is good news. */
export const listWorkers = contract({
  id: 'listWorkers',
  path: '/workers/list',
  summary: 'The workers that live now. Which job one holds is told to superadmins only',
  ...forAll,
  query: z.object({
    page: Page.default(1),
    per_page: PerPage.default(30),
    ping_since: wholeNumber(0, 1_000_000_000).optional(),
  }),
  answer: jsonAnswer(200, z.array(WorkerPing)),
});

/** Workers come up when a job does, so a tag has workers when a group serves it. */
export const existsWorkersWithTags = contract({
  id: 'existsWorkersWithTags',
  path: '/workers/exists_workers_with_tags',
  summary: 'Whether a worker group serves each tag and, given a workspace, lets it',
  ...forAll,
  query: z.object({ tags: z.string(), workspace: WorkspaceId.optional() }),
  answer: jsonAnswer(200, z.record(z.string(), z.boolean())),
});

export const existsWorkerWithTag = contract({
  id: 'existsWorkerWithTag',
  path: '/workers/exists_worker_with_tag',
  summary: 'Whether a worker group serves the tag',
  ...forAll,
  query: z.object({ tag: z.string() }),
  answer: jsonAnswer(200, z.boolean()),
});

export const getCustomTags = contract({
  id: 'getCustomTags',
  path: '/workers/custom_tags',
  summary: 'The tags that are no default ones; with their restrictions for superadmins who ask',
  ...forAll,
  query: z.object({ show_workspace_restriction: Flag.default(false) }),
  answer: jsonAnswer(200, z.array(z.string())),
});

export const getCustomTagsForWorkspace = contract({
  id: 'getCustomTagsForWorkspace',
  path: '/w/{workspace}/workers/custom_tags',
  summary: 'The tags that are no default ones and that the workspace may use',
  ...read,
  params: InWorkspace,
  query: NoQuery,
  answer: jsonAnswer(200, z.array(z.string())),
  access: { needs: 'workspace', right: 'read' },
});

export const geDefaultTags = contract({
  id: 'geDefaultTags',
  path: '/workers/get_default_tags',
  summary: 'The tags that jobs have when nobody names one',
  ...forAll,
  query: NoQuery,
  answer: jsonAnswer(200, z.array(z.string())),
});

export const isDefaultTagsPerWorkspace = contract({
  id: 'isDefaultTagsPerWorkspace',
  path: '/workers/is_default_tags_per_workspace',
  summary: 'Whether default tags end with the workspace: never',
  ...forAll,
  query: NoQuery,
  answer: jsonAnswer(200, z.boolean()),
});

const PerTag = z.record(z.string(), z.number());

/** Of an instance with more than 10,000 jobs due, all these are of 10,000 of them. */
export const getQueueCounts = contract({
  id: 'getCountsOfJobsWaitingPerTag',
  path: '/workers/queue_counts',
  summary: 'How many jobs of each tag are due for more than 3 seconds and do not run',
  ...forSuperadmins,
  answer: jsonAnswer(200, PerTag),
});

export const getQueueRunningCounts = contract({
  id: 'getCountsOfRunningJobsPerTag',
  path: '/workers/queue_running_counts',
  summary: 'How many jobs of each tag run',
  ...forSuperadmins,
  answer: jsonAnswer(200, PerTag),
});

export const getQueueStatus = contract({
  id: 'getQueueStatus',
  path: '/workers/queue_status',
  summary: 'Each tag with its waiting jobs, the wait of the first in seconds, its running jobs and living workers',
  ...forSuperadmins,
  answer: jsonAnswer(
    200,
    z.array(
      z.object({
        tag: z.string(),
        waiting: z.number(),
        delay: z.number().optional(),
        running: z.number(),
        workers: z.number(),
      }),
    ),
  ),
});

export const getQueueMetrics = contract({
  id: 'getQueueMetrics',
  path: '/workers/queue_metrics',
  summary: 'Waiting jobs and wait (seconds) of each tag that has some, now: there is no history',
  ...forSuperadmins,
  answer: jsonAnswer(
    200,
    z.array(z.object({ id: z.string(), values: z.array(z.object({ created_at: z.string(), value: z.number() })) })),
  ),
});
