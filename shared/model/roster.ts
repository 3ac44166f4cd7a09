import { z } from 'zod';
import type { Isolation } from './tenant.ts';

/** Names of users and groups, as they stand in `u/<name>` and `g/<name>`. */
export const Username = z.string().regex(/^[\w-]{1,50}$/, 'must be 1 to 50 letters, digits, "-" or "_"');
export const GroupName = z.string().regex(/^[\w-]{1,50}$/, 'must be 1 to 50 letters, digits, "-" or "_"');
export const FolderName = z.string().regex(/^[\w-]{1,50}$/, 'must be 1 to 50 letters, digits, "-" or "_"');

/** Whom a grant is for: a user or a group. */
export const Grantee = z.string().regex(/^[ug]\/[\w-]{1,50}$/, 'must be u/<user> or g/<group>');

/** Grants on one thing: true may write (and read), false may read. */
export const Grants = z.record(Grantee, z.boolean());
export type Grants = z.infer<typeof Grants>;

/** A user in a workspace. Times in milliseconds since 1970. */
export const Member = z.object({
  username: Username,
  email: z.string(),
  is_admin: z.boolean(),
  /** May look and run, and nothing else. */
  operator: z.boolean(),
  /** Has no right at all, and keeps his name. */
  disabled: z.boolean(),
  created_at: z.number(),
});
export type Member = z.infer<typeof Member>;

/** True for an admin who can act as one. */
export const administers = ({ is_admin, disabled }: Pick<Member, 'is_admin' | 'disabled'>): boolean =>
  is_admin && !disabled;

/** Users of a workspace under one name. Every member is in `all` without being listed. */
export const Group = z.object({
  name: GroupName,
  summary: z.string(),
  members: z.array(Username),
  /** `true`: manages the group, which means changing it and its members. */
  extra_perms: Grants,
});
export type Group = z.infer<typeof Group>;

/** A part `f/<name>/` of the paths of a workspace, and who may do what there. Times in milliseconds since 1970. */
export const Folder = z.object({
  name: FolderName,
  display_name: z.string().optional(),
  summary: z.string(),
  /** May write in the folder and change the folder itself. */
  owners: z.array(Grantee),
  extra_perms: Grants,
  created_by: z.string(),
  edited_at: z.number(),
});
export type Folder = z.infer<typeof Folder>;

/** Everybody and every grant of a workspace, but for those on single items. */
export type Roster = {
  workspace: string;
  /** An archived workspace refuses everything but superadmins' reads. */
  archived: boolean;
  /** What jobs of it may share; undefined: nobody has chosen. */
  isolation?: Isolation;
  members: ReadonlyMap<string, Member>;
  groups: ReadonlyMap<string, Group>;
  folders: ReadonlyMap<string, Folder>;
};

/** The group that every member of a workspace is in. */
export const EVERYONE = 'all';
/** Members may deploy in the name of others, as admins may. */
export const DEPLOYERS = 'wm_deployers';
