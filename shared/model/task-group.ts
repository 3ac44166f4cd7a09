import { z } from 'zod';

/** A worker group whose jobs are tasks on Fargate, and where these run. The first of several takes long jobs of all groups. */
export const TaskGroup = z.object({
  name: z.string(),
  tags: z.array(z.string()),
  cluster: z.string(),
  /** ARN with its revision. */
  task_definition: z.string(),
  subnets: z.array(z.string()),
  security_groups: z.array(z.string()),
  public_ip: z.boolean(),
  spot: z.boolean(),
});
export type TaskGroup = z.infer<typeof TaskGroup>;

/** Name of the one container of a task. */
export const TASK_CONTAINER = 'runner';

/** The group that runs a job which is to be a task. */
export const taskGroupFor = (groups: readonly TaskGroup[], tag: string): TaskGroup | undefined =>
  groups.find((group) => group.tags.includes(tag)) ?? groups[0];

const SEPARATOR = '/';

/** What a task is marked with, so that whoever is told of its end finds the attempt that it ran. */
export const taskMark = (job: { workspace: string; id: string; attempt: number }): string =>
  [job.workspace, job.id, job.attempt].join(SEPARATOR);

/** Undefined: the task is none of ours. */
export const attemptOfMark = (mark: string): { workspace: string; id: string; attempt: number } | undefined => {
  const [workspace, id, attempt, ...more] = mark.split(SEPARATOR);
  const number = Number(attempt);
  return workspace && id && Number.isInteger(number) && number > 0 && more.length === 0
    ? { workspace, id, attempt: number }
    : undefined;
};

/** The name under which a task vouches for its job. */
export const taskWorker = (group: string, job: { id: string; attempt: number }): string =>
  `wk-${group}-task-${job.id}-${job.attempt}`;

/** Whether an attempt is run by a task of its own, rather than by an environment of dispatch. */
export const isTaskWorker = (job: { id: string; attempt: number; worker?: string | undefined }): boolean =>
  job.worker?.endsWith(`-task-${job.id}-${job.attempt}`) === true;
