import { z } from 'zod';

/** A user of the instance, in all workspaces the same. `created_at` in milliseconds since 1970. */
export const User = z.object({
  email: z.string(),
  username: z.string(),
  super_admin: z.boolean(),
  name: z.string().optional(),
  /** May not log in, and none of his tokens is good. */
  disabled: z.boolean().optional(),
  /** `scrypt$...`; absent: he cannot log in with a password. */
  password_hash: z.string().optional(),
  created_at: z.number(),
});
export type User = z.infer<typeof User>;

/** True for a superadmin who can act as one. */
export const administersInstance = ({ super_admin, disabled }: Pick<User, 'super_admin' | 'disabled'>): boolean =>
  super_admin && disabled !== true;

/** The user name of an email: what stands before `@`, with other characters than letters, digits, `-` and `_` left out. */
export const usernameOf = (email: string): string => {
  const name = (email.split('@')[0] ?? '').replaceAll(/[^\w-]/g, '');
  return name === '' ? 'user' : name;
};
