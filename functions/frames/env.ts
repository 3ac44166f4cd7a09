import { z } from 'zod';
import { originSecrets, queues } from '../../shared/model/env.ts';

/** What the template must give `frames`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  PACKAGE_BUCKET: z.string(),
  SECRETS_KEY_ARN: z.string(),
  ...queues,
  ...originSecrets,
});
export type Env = z.input<typeof Env>;
