import { z } from 'zod';
import { originSecrets, queues, schedules } from '../../shared/model/env.ts';

/** What the template must give `api`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  SECRETS_KEY_ARN: z.string(),
  ...queues,
  ...schedules,
  ...originSecrets,
});
export type Env = z.input<typeof Env>;
