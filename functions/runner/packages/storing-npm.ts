import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../../shared/model/json.ts';
import { PACKAGE_LIMITS } from '../../../shared/model/package-archive.ts';
import { LockRecord, NODE_MODULES } from '../../../shared/model/script-lock.ts';
import type { Verdict } from '../outcome.ts';
import { packArchive } from './pack-archive.ts';
import { type ArchiveInvitation, storeArchives } from './store-archives.ts';

/**
 * What a dependencies job does with the packages that bun installed in its folder: all of `node_modules` is packed into one
 * archive and put where the platform says; the lock then names it. Packages that are more than an archive may hold, or no plain
 * files, have none: each environment installs them itself, and the log tells why.
 */
export const storingNpm =
  (folder: string, archives: ArchiveInvitation) =>
  async (verdict: Verdict): Promise<Verdict> => {
    const startedAt = performance.now();
    const told = parseJson(verdict.json);
    const { lock } = LockRecord.parse(told.ok ? told.value : undefined);
    const packed = await pack(folder);
    if (packed === undefined) return verdict;
    if ('why' in packed) return { ...verdict, note: `packages: no archive, ${packed.why}` };
    const added = await storeArchives([packed], archives);
    const { sha256, bytes } = packed;
    const ms = Math.round(performance.now() - startedAt);
    const note = `packages: an archive of ${bytes} bytes${added === 0 ? ', which was there' : ''}, in ${ms} ms`;
    const packages = [{ ...NODE_MODULES, archive: { sha256, bytes } }];
    return { ...verdict, json: JSON.stringify({ lock, packages }), note };
  };

/** Undefined: nothing was installed. */
const pack = async (folder: string) => {
  const target = join(folder, 'installed');
  mkdirSync(target);
  try {
    renameSync(join(folder, 'node_modules'), join(target, 'node_modules'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const files = countWithoutLinks(target);
  if (files > PACKAGE_LIMITS.files) return { why: `${files} files are more than the limit of ${PACKAGE_LIMITS.files}` };
  const file = join(folder, 'installed.archive');
  try {
    return { ...(await packArchive(target, file)), file };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
};

/** Takes away `.bin` folders, which hold links to programs of packages that no job starts by name. Answers how many files are left. */
const countWithoutLinks = (folder: string): number => {
  let files = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name === '.bin') rmSync(path, { recursive: true });
    else files += entry.isDirectory() ? countWithoutLinks(path) : 1;
  }
  return files;
};
