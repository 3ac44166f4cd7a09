import { z } from 'zod';

/** A worker group as it is deployed: which tags it serves, and how. It is changed by a deployment and by nothing else. */
export const WorkerGroup = z.object({
  name: z.string(),
  tags: z.array(z.string()),
  /** Workers (dispatch invocations) at once for each tag, and for jobs with a priority beside them. */
  max_concurrency: z.number(),
  priority_concurrency: z.number(),
  /** Messages that a worker is given at once. */
  batch_size: z.number(),
  /** Seconds that a job may run. */
  time_limit_s: z.number(),
  memory_mb: z.number(),
  /** How its jobs run: in environments of a function, or as tasks of their own. */
  lane: z.enum(['lambda', 'fargate']),
  /** Of the lane lambda: jobs that run at once at most, whoever started them. */
  runner_concurrency: z.number().optional(),
  /** Of the lane fargate: the size of a task, and whether it runs on spare capacity. */
  vcpu: z.number().optional(),
  spot: z.boolean().optional(),
});
export type WorkerGroup = z.infer<typeof WorkerGroup>;

/** Windmill stores what a group is made of under this prefix and the group's name. */
const PREFIX = 'worker__';

/** Name of a group's configuration among all configurations. */
export const configName = ({ name }: WorkerGroup): string => `${PREFIX}${name}`;

/** What a group is made of, in Windmill's word for the tags and in ours for the rest. */
export const configOf = ({ name: _name, tags, ...rest }: WorkerGroup) => ({
  worker_tags: tags,
  ...rest,
});
