import { chmodSync, chownSync, lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Launch } from './launch.ts';

export type TaskUser = { uid: number; gid: number };

/** The user that the image has for jobs, where this process may become it: only root may. */
export const taskUser = (stated: string | undefined, own: number | undefined): TaskUser | undefined => {
  const uid = Number(stated);
  return own === 0 && Number.isInteger(uid) && uid > 0 ? { uid, gid: uid } : undefined;
};

/** Lets the user pass through the runner's folder to his own, without seeing what else is there. */
export const letThrough = (root: string): void => chmodSync(root, 0o711);

/**
 * Starts processes as another user, who can neither read the runner's memory and environment nor send it signals. He owns
 * what lies in folders of `root` - the job's own, the packages that were put there for it - and its output pipe: a script may open
 * /dev/stderr.
 */
export const launchAs =
  (user: TaskUser, root: string, plain: Launch): Launch =>
  (command, pipe) => {
    for (const entry of readdirSync(root, { withFileTypes: true }))
      if (entry.isDirectory()) give(join(root, entry.name), user);
    chownSync(pipe.path, user.uid, user.gid);
    return plain({ ...command, user }, pipe);
  };

/** Nothing of the user's has run yet, so nothing here is a trap. */
const give = (path: string, user: TaskUser): void => {
  lchownSync(path, user.uid, user.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) give(inner, user);
    else lchownSync(inner, user.uid, user.gid);
  }
};
