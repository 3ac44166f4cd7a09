import { taskLane } from '../jobs/hand-over.ts';
import type { LogStore } from '../jobs/payload-ports.ts';
import type { AttemptTokens, JobQueue, JobStore, WorkerStore } from '../jobs/ports.ts';
import type { TaskLane } from '../jobs/run-attempt.ts';
import type { TaskGroup } from '../model/task-group.ts';
import { dynamodb } from './clients.ts';
import { FargateTasks } from './fargate-tasks.ts';
import { AwsTaskOrders } from './task-orders.ts';

export type TaskDeps = {
  jobs: JobStore;
  workers: WorkerStore;
  tokens: AttemptTokens;
  logs: LogStore;
  streams: LogStore;
  baseUrl: () => Promise<string>;
  now: () => number;
  queue: JobQueue;
};

/** What giving jobs to tasks takes on AWS, on top of what running attempts does. */
export const taskDeps = (
  env: { JOBS_TABLE: string; PAYLOAD_BUCKET: string; TASK_GROUPS: TaskGroup[] },
  deps: TaskDeps,
): { tasks: TaskLane } => {
  const orders = new AwsTaskOrders(dynamodb(), env.JOBS_TABLE, env.PAYLOAD_BUCKET);
  const starter = new FargateTasks(env.TASK_GROUPS);
  return { tasks: taskLane({ ...deps, orders, starter }, (job) => deps.queue.runsAsTask(job)) };
};
