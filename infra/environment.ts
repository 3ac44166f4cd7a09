import { Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { WorkerGroup } from '../shared/model/worker-group.ts';
import type { Config } from './config.ts';
import type { Sending, Stores } from './rights/room.ts';

/** The parts of functions' environments that several of them share; their types come from each function's env.ts. */
export const storesEnv = (stores: Stores): { JOBS_TABLE: string; CATALOG_TABLE: string; PAYLOAD_BUCKET: string } => ({
  JOBS_TABLE: stores.jobs.tableName,
  CATALOG_TABLE: stores.catalog.tableName,
  PAYLOAD_BUCKET: stores.payload.bucketName,
});

export const secretsEnv = (stores: Pick<Stores, 'secretsKey'>): { SECRETS_KEY_ARN: string } => ({
  SECRETS_KEY_ARN: stores.secretsKey.keyArn,
});

const reached = (queue: IQueue): { url: string; arn: string } => ({ url: queue.queueUrl, arn: queue.queueArn });

export const queuesEnv = (scope: Construct, sending: Pick<Sending, 'tags'>): { QUEUES: string } => ({
  QUEUES: Stack.of(scope).toJsonString(
    Object.fromEntries(
      [...sending.tags].map(([tag, { queue, priority }]) => [tag, { ...reached(queue), priority: reached(priority) }]),
    ),
  ),
});

export const schedulesEnv = (
  sending: Sending,
): { SCHEDULE_GROUP: string; SCHEDULE_ROLE_ARN: string; SCHEDULE_DEAD_LETTER_ARN: string } => ({
  SCHEDULE_GROUP: sending.schedules.name,
  SCHEDULE_ROLE_ARN: sending.schedules.sender.roleArn,
  SCHEDULE_DEAD_LETTER_ARN: sending.schedules.deadLetters.queueArn,
});

/** What the API tells of the worker groups. */
export const workerGroupsEnv = ({ workerGroups }: Config): { WORKER_GROUPS: string } => ({
  WORKER_GROUPS: JSON.stringify(
    workerGroups.map(
      (group): WorkerGroup => ({
        name: group.name,
        tags: group.tags,
        max_concurrency: group.maxConcurrency,
        priority_concurrency: group.priorityConcurrency,
        batch_size: group.batchSize,
        time_limit_s: group.timeLimitSeconds,
        memory_mb: group.memoryMb,
        runner_concurrency: group.runnerConcurrency,
      }),
    ),
  ),
});
