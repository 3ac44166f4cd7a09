import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes the right to write from everything in a folder, and from itself. Who owns it can give it back, and that leaves a trace
 * (package-seal.ts) where writing to memory that a file is mapped to would leave none.
 */
export const makeReadOnly = (folder: string): void => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadOnly(path);
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o100) === 0 ? 0o444 : 0o555);
  }
  chmodSync(folder, 0o555);
};
