import { z } from 'zod';
import { WorkspaceId } from './workspace.ts';

/** An offer to become a member of a workspace, with the role that he would have. `created_at` in milliseconds since 1970. */
export const Invite = z.object({
  workspace: WorkspaceId,
  /** In lower case; there may be no user of this email yet. */
  email: z.string(),
  is_admin: z.boolean(),
  operator: z.boolean(),
  created_at: z.number(),
});
export type Invite = z.infer<typeof Invite>;
