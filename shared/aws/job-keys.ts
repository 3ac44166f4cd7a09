import type { JobKey, JobKind } from '../model/job.ts';

/*
 * Every key of the `jobs` table. A job is a partition of its own: `pk` = `<workspace>#<id>`.
 *
 * | sk                         | item              | written by                   | read by                    | deleted by |
 * |----------------------------|-------------------|------------------------------|----------------------------|------------|
 * | `job`                      | the job           | startJob, every transition   | all                        | TTL        |
 * | `args#<digest>`            | large arguments   | startJob, before the job     | dispatch, wait, api        | expiry     |
 * | `upload`                   | who may use what is uploaded | api, before there is a job | webhook, wait        | TTL        |
 * | `code#<digest>`            | a preview's code  | startJob, before the job     | dispatch, wait, api        | expiry     |
 * | `result#<digest>`          | a larger result   | finishJob, before the finish | api, stream, wait          | expiry     |
 * | `log#<attempt>#<start>`    | a page of the log | dispatch, wait while running | api, stream                | expiry, and the page that covers it |
 * | `stream#<attempt>#<start>` | a page of what the attempt streams | dispatch, wait while running | api, stream, wait | expiry, and the page that covers it |
 * | `task#<attempt>`           | the key of a task's order, and how far it told | dispatch, frames | frames    | expiry     |
 * | `mask#<attempt>#<digest>`  | a sealed secret   | api, before it tells the job | api, dispatch, wait        | expiry     |
 * | `flow#<part>`              | a part of a flow's status | whoever advances the flow | the same, api              | expiry     |
 * | `items#<module>#<attempt>` | how many items a loop goes through | whoever begins the loop | whoever starts an iteration | expiry |
 * | `items#<module>#<attempt>#<digest>#<n>` | 50 of them (`payload`) | the same, before it | the same             | expiry     |
 *
 * How often masks were added stands in the job as `masks`: a log is written up to date with it.
 *
 * `pk` = `<ws>#slots#<key>`: the places under one concurrency limit. `sk` = `slot#<n>`: a place that a job holds (or held
 * within the window), taken at its start and left by its `slot` followup; `sk` = `line`: when the last of those that wait was
 * told to look again. Both go by TTL when nobody comes any more.
 *
 * `pk` = `<ws>#cached#<digest>`, `sk` = `result`: a result that may be used again until it expires. Written by whoever ended
 * the job that has it, read before a job of the same version, arguments and identity runs.
 *
 * `pk` = `<ws>#debounce#<key>`, `sk` = `batch`: the job that stands for a batch of debounced runs. Written by startJob,
 * deleted by the claim of that job.
 *
 * `pk` = `upkeep`, `sk` = `restamp` or `reconcile`: how far a walk over all jobs has come. Written and read by the reaper
 * and by reconcile. `sk` = `served-tags`: the tags that the reaper saw served, and its walk over the jobs of new ones.
 *
 * `pk` = `workers`, `sk` = worker name: a worker's beat. Written by dispatch and wait while they hold jobs for more than
 * a few seconds, read and deleted by the reaper.
 */

export const cachedResultKey = (workspace: string, digest: string): { pk: string; sk: string } => ({
  pk: `${workspace}#cached#${digest}`,
  sk: 'result',
});
export const chosenLockKey = (workspace: string, digest: string): { pk: string; sk: string } => ({
  pk: `${workspace}#cached#${digest}`,
  sk: 'lock',
});
export const debounceKey = (workspace: string, key: string): { pk: string; sk: string } => ({
  pk: `${workspace}#debounce#${key}`,
  sk: 'batch',
});

export const slotsPartition = (workspace: string, key: string): string => `${workspace}#slots#${key}`;
export const SLOT_PREFIX = 'slot#';
export const LINE_SK = 'line';
export const slotKey = (partition: string, sk: string): { pk: string; sk: string } => ({ pk: partition, sk });

export const jobKey = (key: JobKey): { pk: string; sk: string } => ({ pk: jobPartition(key), sk: 'job' });
export const jobPartition = (key: JobKey): string => `${key.workspace}#${key.id}`;

export const payloadKey = (key: JobKey, name: string): { pk: string; sk: string } => ({
  pk: jobPartition(key),
  sk: name,
});

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/** Texts that are written in pages while a job runs: its log, and what it streams. */
export type Paged = 'log' | 'stream';
/** How the names of pages begin, of one attempt or of all. */
export const pagePrefix = (of: Paged, attempt?: number): string =>
  attempt === undefined ? `${of}#` : `${of}#${digits(attempt, 4)}#`;
export const pageKey = (of: Paged, key: JobKey, attempt: number, start: number): { pk: string; sk: string } => ({
  pk: jobPartition(key),
  sk: `${pagePrefix(of, attempt)}${digits(start, 12)}`,
});

export const taskKey = (key: JobKey, attempt: number): { pk: string; sk: string } => ({
  pk: jobPartition(key),
  sk: `task#${digits(attempt, 4)}`,
});

export const maskPrefix = (attempt: number): string => `mask#${digits(attempt, 4)}#`;
export const maskKey = (key: JobKey, attempt: number, digest: string): { pk: string; sk: string } => ({
  pk: jobPartition(key),
  sk: `${maskPrefix(attempt)}${digest}`,
});

export const upkeepKey = (walk: 'restamp' | 'reconcile' | 'served-tags'): { pk: string; sk: string } => ({
  pk: 'upkeep',
  sk: walk,
});

export const WORKERS = 'workers';
export const workerKey = (worker: string): { pk: string; sk: string } => ({ pk: WORKERS, sk: worker });

/**
 * The sparse indexes of job items. All sort by time; all project only what is fixed when the job is made, so that a
 * transition never writes an index (except `live`, left at the end, and `failed`, entered at the end).
 */
export const RUNS_INDEX = 'runs';
export const PATH_INDEX = 'path';
export const LIVE_INDEX = 'live';
export const FAILED_INDEX = 'failed';

/** Shards of `runs`: 1 until a workspace's rate needs more (1,000 writes a second each). */
export const runsPartition = (workspace: string, kind: JobKind): string => `${workspace}#${kind}#0`;
export const pathPartition = (workspace: string, path: string): string => `${workspace}#${path}`;

/** Sort key of `runs`, `path` and `failed`: creation time, then id to tell jobs of one millisecond apart. */
export const sortKey = (createdAt: number, id: string): string => `${digits(createdAt, 14)}#${id}`;
/** Sort key of `live`: `scheduled_for`, then id. */
export const dueKey = (scheduledFor: number, id: string): string => `${digits(scheduledFor, 14)}#${id}`;

/** S3 keys of a job's objects: one prefix a job, so that they go with it. */
export const JOBS_PREFIX = 'jobs/';
export const jobPrefix = (key: JobKey): string => `${JOBS_PREFIX}${key.workspace}/${key.id}/`;
export const payloadObject = (key: JobKey, name: string): string => `${jobPrefix(key)}${name.replace('#', '/')}`;
/** What was streamed lies in the folder of the log: the same rights, and one removal, for all that a job said. */
export const pageObject = (of: Paged, key: JobKey, attempt: number, start: number): string =>
  `${jobPrefix(key)}log/${of === 'log' ? '' : 'stream/'}${digits(attempt, 4)}/${digits(start, 12)}`;

/** What a task is to run. */
export const requestObject = (key: JobKey, attempt: number): string => `${jobPrefix(key)}request/${digits(attempt, 4)}`;

/** The job an object belongs to; undefined for a key that is no job's. */
export const jobOfObject = (object: string): JobKey | undefined => {
  const [, workspace, id] = /^jobs\/([^/]+)\/([^/]+)\//.exec(object) ?? [];
  return workspace === undefined || id === undefined ? undefined : { workspace, id };
};

/** What is kept of a job after its retention, where the instance archives: by the day (UTC) it ended. */
export const archivedJob = (key: JobKey, completedAt: number): string =>
  `archive/${key.workspace}/dt=${new Date(completedAt).toISOString().slice(0, 10)}/${key.id}.jsonl`;
