import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NpmRegistry } from '../../../shared/model/npm-registry.ts';
import type { LockRecord } from '../../../shared/model/script-lock.ts';
import { parseTypescriptLock, printTypescriptLock } from '../../../shared/model/typescript-lock.ts';
import type { Places } from '../languages/language-plan.ts';
import { readUpTo } from '../outcome.ts';
import { CHOOSE_AND_INSTALL, INSTALL_LOCKED, runBun } from './bun.ts';

/**
 * Puts the packages of a lock into `target/node_modules`, each verified by the hash that stands in the lock. Throws 400 when
 * the lock cannot be read, PackagesFailed when a package cannot be had.
 */
export const installNpm = async (
  { root, path, places }: { root: string; path: string; places: Places },
  { lock, registry }: { lock: string; registry: NpmRegistry },
  target: string,
  timeoutMs: number,
): Promise<void> => {
  const { manifest, chosen, empty } = parseTypescriptLock(lock);
  if (empty) return;
  const bun = await places.interpreter('bun');
  writeFileSync(join(target, 'package.json'), manifest);
  if (chosen !== undefined) writeFileSync(join(target, 'bun.lock'), chosen);
  const folder = mkdtempSync(join(root, 'install-'));
  try {
    const argv = chosen === undefined ? CHOOSE_AND_INSTALL : INSTALL_LOCKED;
    await runBun({ bun, path, folder, registry }, argv, target, timeoutMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const LARGEST_LOCK_BYTES = 300_000;

/** The lock that was chosen in `target` for a lock that left the choice; undefined for others, and one too large to be kept. */
export const choiceIn = (target: string, lock: string): LockRecord | undefined => {
  const { manifest, chosen, empty } = parseTypescriptLock(lock);
  const found = empty || chosen !== undefined ? undefined : readUpTo(join(target, 'bun.lock'), LARGEST_LOCK_BYTES);
  if (found === undefined || found.size > LARGEST_LOCK_BYTES) return undefined;
  return { lock: printTypescriptLock(manifest, found.bytes.toString('utf8')), packages: [] };
};
