import { z } from 'zod';

/** What the template must give `seed`. */
export const Env = z.object({
  CATALOG_TABLE: z.string(),
  ADMIN_TOKEN_SECRET_ARN: z.string(),
  SIGNING_SECRET_ARN: z.string(),
});
export type Env = z.input<typeof Env>;
