import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { parseJson } from '../../../shared/model/json.ts';
import { LOCK_LIMITS } from '../../../shared/model/package-archive.ts';
import { LockRecord } from '../../../shared/model/script-lock.ts';
import { failure, type Verdict } from '../outcome.ts';
import { type InstalledPackage, installPackages } from './install-packages.ts';
import { packArchive } from './pack-archive.ts';
import { PackagesFailed } from './run-installer.ts';
import { type ArchiveInvitation, type PackedArchive, storeArchives } from './store-archives.ts';
import type { UvPlaces } from './uv.ts';

const run = promisify(execFile);

/**
 * What a dependencies job does with the lock it made: each package is installed into a folder of its own, packed and put where
 * the platform says; the lock then names the archive beside the package. Packages that had to be built were built by this job,
 * in its own folder, and their archives are known to no other lock.
 */
export const storingPackages =
  (places: UvPlaces, archives: ArchiveInvitation) =>
  async (verdict: Verdict, withinMs: number): Promise<Verdict> => {
    const startedAt = performance.now();
    const told = parseJson(verdict.json);
    const { lock, packages } = LockRecord.parse(told.ok ? told.value : undefined);
    try {
      const target = join(places.folder, 'installed');
      mkdirSync(target);
      const installed = await installPackages(places, packages, target, withinMs, false);
      await compile(places, target, Math.max(1, Math.ceil(withinMs - (performance.now() - startedAt))));
      const packed = await packAll(installed);
      const added = await storeArchives(packed, archives);
      const named = packages.map((one, at) => ({ ...one, archive: contentOf(packed[at]) }));
      const bytes = packed.reduce((sum, one) => sum + one.bytes, 0);
      const ms = Math.round(performance.now() - startedAt);
      const note = `packages: ${packed.length} archives of ${bytes} bytes, ${added} of them new, in ${ms} ms`;
      return { ...verdict, json: JSON.stringify({ lock, packages: named }), note };
    } catch (error) {
      if (!(error instanceof PackagesFailed)) throw error;
      return failure('DependenciesError', `The packages of the lock could not be installed:\n${error.message}`);
    }
  };

const contentOf = (packed: PackedArchive | undefined) =>
  packed === undefined ? undefined : { sha256: packed.sha256, bytes: packed.bytes };

const packAll = async (installed: InstalledPackage[]): Promise<PackedArchive[]> => {
  const packed: PackedArchive[] = [];
  let bytes = 0;
  for (const { name, version, folder } of installed) {
    const file = `${folder}.archive`;
    const content = await packArchive(folder, file).catch((error: unknown) => {
      throw new Error(`${name} ${version} cannot be stored: ${error instanceof Error ? error.message : String(error)}`);
    });
    rmSync(folder, { recursive: true, force: true });
    bytes += content.bytes;
    if (bytes > LOCK_LIMITS.archiveBytes)
      throw new Error(`the packages are more than the limit of ${LOCK_LIMITS.archiveBytes} bytes together`);
    packed.push({ ...content, file });
  }
  return packed;
};

/**
 * Bytecode is made once, here: a job may not write where its packages lie, and would compile them anew each time. Named by its
 * place in the package, so that it is the same wherever it was made. Files that are no Python of today are left as they are.
 */
const compile = async (places: UvPlaces, target: string, timeout: number): Promise<void> => {
  const argv = ['-I', '-m', 'compileall', '-qq', '-s', target, '--invalidation-mode', 'unchecked-hash', target];
  await run(places.python, argv, { env: {}, timeout, killSignal: 'SIGKILL' }).catch((error: unknown) => {
    const { code } = z.object({ code: z.union([z.number(), z.string(), z.null()]).optional() }).parse(error);
    if (code !== 1) throw error;
  });
};
