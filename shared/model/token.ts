import { z } from 'zod';

/** How many first characters of a token are kept readable, to tell tokens apart in lists. */
export const TOKEN_PREFIX_CHARS = 10;

/** The label of what logging in makes. No token that somebody makes by hand has it. */
export const SESSION_LABEL = 'session';

/** A token as stored: the token itself is nowhere, only its SHA-256. Times in milliseconds since 1970. */
export const StoredToken = z.object({
  /** Lower-case hex SHA-256 of the token. */
  hash: z.string(),
  prefix: z.string(),
  email: z.string(),
  label: z.string().optional(),
  /** The token is good in this workspace only. */
  workspace: z.string().optional(),
  read_only: z.boolean().optional(),
  scopes: z.array(z.string()).optional(),
  created_at: z.number(),
  expiration: z.number().optional(),
});
export type StoredToken = z.infer<typeof StoredToken>;

/** True while the token may be used. */
export const isAlive = (token: StoredToken, now: number): boolean =>
  token.expiration === undefined || token.expiration > now;

/** True for what logging in made: it ends by itself, and can be renewed. */
export const isSession = (token: StoredToken): boolean => token.label === SESSION_LABEL;
