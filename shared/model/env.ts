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
const Lane = z.enum(['lambda', 'fargate']);

/** Queues by name alone: Lambda gives a function 4 KB of environment, and a URL and an ARN take a quarter of one each. */
const NamedQueues = z.object({
  like: Queue,
  groups: z.array(
    z.object({
      priority: z.string().optional(),
      lane: Lane.optional(),
      longest_s: z.number().optional(),
      tags: z.record(z.string(), z.string()),
    }),
  ),
});

/** A queue of the same account and region: only the last part of either differs. */
const named = ({ url, arn }: z.infer<typeof Queue>, name: string): z.infer<typeof Queue> => ({
  url: url.slice(0, url.lastIndexOf('/') + 1) + name,
  arn: arn.slice(0, arn.lastIndexOf(':') + 1) + name,
});

/**
 * `QUEUES`: the queue of each tag that some worker group serves, as JSON `{"like":{"url":"…","arn":"…"},"groups":[{
 * "priority":"<name>","tags":{"<tag>":"<name>"}}]}`: `like` is any queue of ours, and the others are told by their names.
 * `priority` is the group's queue for jobs with a priority; without one they go by the tag's. `lane`: how its jobs run
 * unless they may run longer than Lambda lets them; `longest_s`: seconds that any of them may run.
 */
export const queues = {
  QUEUES: jsonText(NamedQueues).transform(({ like, groups }) =>
    Object.fromEntries(
      groups.flatMap(({ tags, priority, ...group }) =>
        Object.entries(tags).map(([tag, queue]) => [
          tag,
          {
            ...named(like, queue),
            ...(priority === undefined ? {} : { priority: named(like, priority) }),
            ...group,
          },
        ]),
      ),
    ),
  ),
};

/** `TASK_GROUPS`: the worker groups whose jobs are tasks, and as JSON once what they share; no groups where there are none. */
export const taskGroups = {
  TASK_GROUPS: jsonText(
    TaskGroup.pick({ cluster: true, subnets: true, security_groups: true, public_ip: true }).extend({
      groups: z.array(TaskGroup.pick({ name: true, tags: true, task_definition: true, spot: true })),
    }),
  ).transform(({ groups, ...shared }): TaskGroup[] => groups.map((group) => ({ ...group, ...shared }))),
};

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
