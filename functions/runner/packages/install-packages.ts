import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedPackage } from '../../../shared/model/script-lock.ts';
import { runUv, type UvPlaces } from './uv.ts';

/** `folder` goes on PYTHONPATH. */
export type InstalledPackage = { name: string; version: string; folder: string };

/** Installs at once: a build or an unpacking is work for a processor, of which a runner has few. */
const AT_ONCE = 4;

/**
 * Puts each package into a folder of its own under `target`, so that each can be kept and used by itself. An archive whose
 * hash is not among those that it was chosen by is refused. Throws PackagesFailed; then nothing may be used of `target`.
 * `compile`: with bytecode, which names `target` and so differs with it.
 */
export const installPackages = async (
  places: UvPlaces,
  packages: RecordedPackage[],
  target: string,
  timeoutMs: number,
  compile = true,
): Promise<InstalledPackage[]> => {
  const waiting = [...packages.entries()];
  const deadline = performance.now() + timeoutMs;
  const installed: InstalledPackage[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next;
      try {
        installed[index] = await install(places, one, target, Math.max(1, deadline - performance.now()), compile);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return installed;
};

const install = async (
  places: UvPlaces,
  { name, version, hashes }: RecordedPackage,
  target: string,
  timeoutMs: number,
  compile: boolean,
): Promise<InstalledPackage> => {
  const folder = join(target, `${name}-${version}`);
  const list = `${name}-${version}.txt`;
  writeFileSync(
    join(places.folder, list),
    [`${name}==${version}`, ...hashes.map((hash) => `--hash=${hash}`)].join(' '),
  );
  const flags = [
    '--quiet',
    '--no-deps',
    ...(compile ? ['--compile-bytecode'] : []),
    ...(hashes.length === 0 ? [] : ['--require-hashes']),
  ];
  const argv = ['pip', 'install', ...flags, '--python', places.python, '--target', folder, '--requirement', list];
  await runUv(places, argv, timeoutMs);
  rmSync(join(folder, '.lock'), { force: true });
  return { name, version, folder };
};
