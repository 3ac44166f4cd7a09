import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NpmRegistry } from '../../../shared/model/npm-registry.ts';
import { parseTypescriptLock } from '../../../shared/model/typescript-lock.ts';
import type { Places } from '../languages/language-plan.ts';
import { INSTALL_CHOOSING, INSTALL_LOCKED, runBun } from './bun.ts';

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
    const argv = chosen === undefined ? INSTALL_CHOOSING : INSTALL_LOCKED;
    await runBun({ bun, path, folder, registry }, argv, target, timeoutMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
