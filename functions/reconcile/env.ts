import { z } from 'zod';

/** What the template must give `reconcile`. */
export const Env = z.object({ JOBS_TABLE: z.string(), PAYLOAD_BUCKET: z.string() });
export type Env = z.input<typeof Env>;
