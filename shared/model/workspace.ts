import { z } from 'zod';

/** A workspace's id: it is part of table keys, so `#` and `/` can never be in it. */
export const WorkspaceId = z
  .string()
  .regex(/^[A-Za-z0-9][\w-]{0,49}$/, 'must be 1 to 50 letters, digits, "-" or "_", and begin with a letter or digit');

/** A workspace as stored. `created_at` in milliseconds since 1970. */
export const Workspace = z.object({
  id: WorkspaceId,
  name: z.string(),
  /** Email of whoever made it. */
  owner: z.string(),
  created_at: z.number(),
  archived: z.boolean().optional(),
});
export type Workspace = z.infer<typeof Workspace>;
