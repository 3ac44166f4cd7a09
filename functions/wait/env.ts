import { z } from 'zod';
import { originSecrets, queues, schedules } from '../../shared/model/env.ts';

/** What the template must give `wait`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  PACKAGE_BUCKET: z.string(),
  SECRETS_KEY_ARN: z.string(),
  ...queues,
  ...schedules,
  ...originSecrets,
  RUNNER_FUNCTION: z.string(),
  SIGNING_SECRET_ARN: z.string(),
});
export type Env = z.input<typeof Env>;
