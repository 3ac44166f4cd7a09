import { z } from 'zod';
import { LockedPackage } from './python-lock.ts';

/** Packages that one lock may have: their links must fit the request that starts a job (6 MB, Lambda's limit). */
export const MOST_PACKAGES = 500;

/** What one package may be, packed and unpacked. Packed also bounds what a presigned PUT is given for. */
export const PACKAGE_LIMITS = {
  archiveBytes: 256 * 1024 * 1024,
  unpackedBytes: 1024 * 1024 * 1024,
  files: 50_000,
};

/** What all packages of a lock may be together: archives on their way, and folders on the disk of a runner. */
export const LOCK_LIMITS = { archiveBytes: 1024 * 1024 * 1024, unpackedBytes: 3 * 1024 * 1024 * 1024 };

/** Archives that are asked places for at once. */
export const PLACES_AT_ONCE = 50;

/** A package of a lock, and a presigned GET of its archive. */
export const LinkedPackage = LockedPackage.extend({ url: z.url() });
export type LinkedPackage = z.infer<typeof LinkedPackage>;
