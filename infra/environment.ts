import { Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
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

/** One group for each queue of jobs with a priority, as each worker group has its own. */
export const queuesEnv = (scope: Construct, sending: Pick<Sending, 'tags'>): { QUEUES: string } => {
  const [first] = sending.tags.values();
  const groups = new Map<IQueue, { priority: string; lane: string; longest_s: number; tags: Record<string, string> }>();
  for (const [tag, { queue, priority, lane, longestSeconds }] of sending.tags) {
    const { tags } = groups.get(priority) ?? { tags: {} };
    groups.set(priority, {
      priority: priority.queueName,
      lane,
      longest_s: longestSeconds,
      tags: { ...tags, [tag]: queue.queueName },
    });
  }
  const like = { url: first?.queue.queueUrl, arn: first?.queue.queueArn };
  return { QUEUES: Stack.of(scope).toJsonString({ like, groups: [...groups.values()] }) };
};

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
  TASK_GROUPS: Stack.of(scope).toJsonString({
    cluster: runner?.cluster.attrArn ?? '',
    subnets: runner?.network.subnets ?? [],
    security_groups: runner?.network.securityGroups ?? [],
    public_ip: runner?.network.publicIp ?? false,
    groups: groups.flatMap(({ name, tags, spot }) => {
      const definition = runner?.taskDefinitions.get(name);
      return definition === undefined ? [] : [{ name, tags, task_definition: definition.ref, spot }];
    }),
  }),
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
