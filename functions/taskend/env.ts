import { z } from 'zod';
import { queues, schedules } from '../../shared/model/env.ts';

/** What the template must give `taskend`. */
export const Env = z.object({
  JOBS_TABLE: z.string(),
  CATALOG_TABLE: z.string(),
  PAYLOAD_BUCKET: z.string(),
  ...queues,
  ...schedules,
});
export type Env = z.input<typeof Env>;
