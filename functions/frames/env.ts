import { z } from 'zod';
import { originSecrets } from '../../shared/model/env.ts';

/** What the template must give `frames`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  ...originSecrets,
});
export type Env = z.input<typeof Env>;
