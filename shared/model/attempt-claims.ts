import { z } from 'zod';

/** What a WM_TOKEN starts with, as Windmill's do. */
export const JOB_TOKEN_PREFIX = 'jwt_';

/** The claims of an attempt's tokens. `millrace:job` is WM_TOKEN, `millrace:frames` only asks whether to go on. */
export const AttemptClaims = z.object({
  aud: z.enum(['millrace:job', 'millrace:frames']),
  workspace: z.string(),
  job_id: z.string(),
  attempt: z.number().int().positive(),
  permissioned_as: z.string(),
  email: z.string(),
  created_by: z.string(),
  /** Seconds since 1970. */
  iat: z.number(),
  exp: z.number(),
});
export type AttemptClaims = z.infer<typeof AttemptClaims>;
