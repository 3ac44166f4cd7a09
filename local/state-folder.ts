import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that ends with the process that holds it, `kill -9` included. */
export type Lock = { release: () => void };

/** Takes the lock on `file`, waiting up to `waitMs` for another holder; undefined when it does not become free. */
export const takeLock = (file: string, waitMs: number): Lock | undefined => {
  const database = new DatabaseSync(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${waitMs}`);
    database.exec('BEGIN EXCLUSIVE');
    return { release: () => database.close() };
  } catch {
    database.close();
    return undefined;
  }
};

const ownerOf = (file: string): string => {
  try {
    return ` (${readFileSync(file, 'utf8')})`;
  } catch {
    return '';
  }
};

/** Makes the state folder, readable by this user only, and claims it. Throws when another local cloud runs on it. */
export const claimStateFolder = (folder: string): Lock => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = join(folder, 'owner');
  const lock = takeLock(join(folder, 'lock'), 0);
  if (lock === undefined) {
    throw new Error(
      `another Millrace runs on ${folder}${ownerOf(owner)}: stop it, or set MILLRACE_HOME to another folder`,
    );
  }
  writeFileSync(owner, `process ${process.pid}`, { mode: 0o600 });
  return lock;
};
