import { z } from 'zod';
import { TaskGroup } from './task-group.ts';
import { WorkerGroup } from './worker-group.ts';

const jsonText = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

const Queue = z.object({ url: z.string(), arn: z.string() });

/**
 * `QUEUES`: the queue of each tag that some worker group serves, as JSON `{"<tag>":{"url":"…","arn":"…","priority":{"url":
 * "…","arn":"…"}}}`. `priority` is its group's queue for jobs with a priority; without one they go by the tag's. `lane`: how
 * its jobs run unless they may run longer than Lambda lets them; `longest_s`: seconds that any of them may run.
 */
export const queues = {
  QUEUES: jsonText(
    z.record(
      z.string(),
      Queue.extend({
        priority: Queue.optional(),
        lane: z.enum(['lambda', 'fargate']).optional(),
        longest_s: z.number().optional(),
      }),
    ),
  ),
};

/** `TASK_GROUPS`: the worker groups whose jobs are tasks, as a JSON list; empty where there are none. */
export const taskGroups = { TASK_GROUPS: jsonText(z.array(TaskGroup)) };

/** `WORKER_GROUPS`: the worker groups as they are deployed, as a JSON list. */
export const workerGroups = { WORKER_GROUPS: jsonText(z.array(WorkerGroup)) };

/** Where one-shot schedules of far-away jobs live, the role they send with, and where a send that failed for good goes. */
export const schedules = {
  SCHEDULE_GROUP: z.string(),
  SCHEDULE_ROLE_ARN: z.string(),
  SCHEDULE_DEAD_LETTER_ARN: z.string(),
};

/** `ORIGIN_SECRETS`: the values of the origin header that are accepted, comma-separated; two while one is being replaced. */
export const originSecrets = {
  ORIGIN_SECRETS: z
    .string()
    .min(1)
    .transform((text) => text.split(',')),
};

/** Reads a function's environment, or throws one error that names every variable that is missing or malformed. */
export const parseEnv = <T extends z.ZodType>(schema: T, env: Record<string, string | undefined>): z.output<T> => {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`environment: ${z.prettifyError(parsed.error)}`);
};
