import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { isCompleted, Job } from '../model/job.ts';
import { dueKey, jobKey, pathPartition, runsPartition, sortKey } from './job-keys.ts';

export type Item = Record<string, AttributeValue>;

/** A new job as its table item, with the index keys that show it in lists. */
export const toItem = (job: Job): Item =>
  marshall(
    {
      ...job,
      ...jobKey(job),
      sort: sortKey(job.created_at, job.id),
      runs: runsPartition(job.workspace, job.kind),
      ...(job.path === undefined ? {} : { by_path: pathPartition(job.workspace, job.path) }),
      ...(isCompleted(job.status) ? {} : { live: job.workspace, due: dueKey(job.scheduled_for, job.id) }),
    },
    { removeUndefinedValues: true },
  );

/** Reads a job item; throws when the table holds something that is no job. */
export const fromItem = (item: Item): Job => Job.parse(unmarshall(item));
