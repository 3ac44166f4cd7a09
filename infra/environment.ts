import { Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { TaskGroup } from '../shared/model/task-group.ts';
import type { WorkerGroup } from '../shared/model/worker-group.ts';
import type { Config } from './config.ts';
import type { FargateRunner } from './constructs/fargate-runner.ts';
import type { Sending, Stores } from './rights/room.ts';
import type { FargateGroup } from './worker-group-config.ts';

/** The parts of functions' environments that several of them share; their types come from each function's env.ts. */
export const storesEnv = (stores: Stores): { JOBS_TABLE: string; CATALOG_TABLE: string; PAYLOAD_BUCKET: string } => ({
  JOBS_TABLE: stores.jobs.tableName,
  CATALOG_TABLE: stores.catalog.tableName,
  PAYLOAD_BUCKET: stores.payload.bucketName,
});

/** Where the archives of packages lie. */
export const packagesEnv = (stores: Pick<Stores, 'packages'>): { PACKAGE_BUCKET: string } => ({
  PACKAGE_BUCKET: stores.packages.bucketName,
});

export const secretsEnv = (stores: Pick<Stores, 'secretsKey'>): { SECRETS_KEY_ARN: string } => ({
  SECRETS_KEY_ARN: stores.secretsKey.keyArn,
});

const reached = (queue: IQueue): { url: string; arn: string } => ({ url: queue.queueUrl, arn: queue.queueArn });

export const queuesEnv = (scope: Construct, sending: Pick<Sending, 'tags'>): { QUEUES: string } => ({
  QUEUES: Stack.of(scope).toJsonString(
    Object.fromEntries(
      [...sending.tags].map(([tag, { queue, priority, lane, longestSeconds }]) => [
        tag,
        { ...reached(queue), priority: reached(priority), lane, longest_s: longestSeconds },
      ]),
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

/** The groups whose jobs are tasks, and where these run. */
export const taskGroupsEnv = (
  scope: Construct,
  groups: FargateGroup[],
  runner: FargateRunner | undefined,
): { TASK_GROUPS: string } => ({
  TASK_GROUPS: Stack.of(scope).toJsonString(
    groups.flatMap(({ name, tags, spot }): TaskGroup[] => {
      const definition = runner?.taskDefinitions.get(name);
      if (runner === undefined || definition === undefined) return [];
      const { cluster, network } = runner;
      return [
        {
          name,
          tags,
          cluster: cluster.attrArn,
          task_definition: definition.ref,
          subnets: network.subnets,
          security_groups: network.securityGroups,
          public_ip: network.publicIp,
          spot,
        },
      ];
    }),
  ),
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
        lane: group.lane,
        ...(group.lane === 'lambda'
          ? { runner_concurrency: group.runnerConcurrency }
          : { vcpu: group.vcpu, spot: group.spot }),
      }),
    ),
  ),
});
