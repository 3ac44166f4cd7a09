import { z } from 'zod';
import { originSecrets, queues, schedules, workerGroups } from '../../shared/model/env.ts';

/** What the template must give `api`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  SECRETS_KEY_ARN: z.string(),
  ...queues,
  ...schedules,
  ...workerGroups,
  ...originSecrets,
});
export type Env = z.input<typeof Env>;
