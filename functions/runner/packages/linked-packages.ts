import type { LinkedPackage } from '../../../shared/model/package-archive.ts';
import type { RecordedPackage } from '../../../shared/model/script-lock.ts';

/** Archives of a job's packages are not in the bucket as its lock says. */
export class PackagesLost extends Error {
  override readonly name = 'PackagesLost';
}

/** Packages with the links to their archives, which come in the same order. */
export const linked = (packages: RecordedPackage[], links: string[]): LinkedPackage[] =>
  packages.map(({ name, version, archive }, at) => {
    const url = links[at];
    if (archive === undefined || url === undefined) throw new Error(`${name} ${version} has no archive`);
    return { name, version, ...archive, url };
  });
