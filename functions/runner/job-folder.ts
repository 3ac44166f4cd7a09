import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The private folder of one run: the user's working folder and home, with a `tmp/` of its own. Owner only. */
export type JobFolder = {
  path: string;
  tmp: string;
  /** A new file, in folders that are made when they are not there. */
  write: (name: string, content: string) => void;
};

/**
 * Makes a fresh folder under `root`; the name is random, so nothing of an earlier job can lie in wait for it.
 * Synchronous calls: four of them cost less than one trip to the thread pool.
 */
export const createJobFolder = (root: string): JobFolder => {
  const path = join(root, `job-${randomBytes(9).toString('base64url')}`);
  const tmp = join(path, 'tmp');
  mkdirSync(path, { mode: 0o700 });
  mkdirSync(tmp, { mode: 0o700 });
  const write = (name: string, content: string): void => {
    const file = join(path, name);
    if (name.includes('/')) mkdirSync(dirname(file), { mode: 0o700, recursive: true });
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  };
  return { path, tmp, write };
};

/** Removes the folder with everything in it, folders the job made unreadable too. False when something resisted. */
export const removeJobFolder = async (path: string): Promise<boolean> => {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    await unlock(path);
    return rm(path, { recursive: true, force: true, maxRetries: 3 }).then(
      () => true,
      () => false,
    );
  }
};

const unlock = async (folder: string): Promise<void> => {
  await chmod(folder, 0o700).catch(() => undefined);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await unlock(join(folder, entry.name));
};
