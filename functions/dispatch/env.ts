import { z } from 'zod';
import { queues, schedules, taskGroups } from '../../shared/model/env.ts';

/** What the template must give `dispatch`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  PACKAGE_BUCKET: z.string(),
  SECRETS_KEY_ARN: z.string(),
  ...queues,
  ...schedules,
  ...taskGroups,
  /** `none` in a group whose jobs are all tasks. */
  RUNNER_FUNCTION: z.string(),
  SIGNING_SECRET_ARN: z.string(),
  /** Name of the worker group whose queues feed this function; the first part of its workers' names. */
  WORKER_GROUP: z.string(),
});
export type Env = z.input<typeof Env>;
