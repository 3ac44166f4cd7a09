import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeJobFolder } from '../job-folder.ts';
import { isSealed, type Seal, sealOf } from './package-seal.ts';
import type { PutPackages, WantedPackages } from './put-packages.ts';
import { makeReadOnly } from './read-only.ts';

type Placed = { folders: string[]; seal: Seal };

/** Sets of packages that stay unpacked in an environment, which has some hundred MB. */
const KEPT_SETS = 8;

/**
 * The packages of an environment, one folder for each lock that ran in it, so that what building one set may have done can
 * touch no other. They are looked through again before a job when other code than the job's own ran since.
 */
export class PlacedPackages {
  readonly #root: string;
  readonly #put: PutPackages;
  readonly #placed = new Map<string, Placed>();
  /** Whose code ran since `key` was looked through; undefined: several. */
  #since: { key: string; code: string } | undefined;

  constructor(root: string, put: PutPackages) {
    this.#root = join(root, 'packages');
    this.#put = put;
  }

  /**
   * Folders with the packages of a request, unpacked and unchanged. `put`: they had to be put there. Throws PackagesFailed,
   * or whatever hinders unpacking.
   */
  async place(wanted: WantedPackages, code: string, timeoutMs: number): Promise<{ folders: string[]; put: boolean }> {
    const { key } = wanted;
    const folder = join(this.#root, key);
    const known = this.#placed.get(key);
    const trusted = this.#since?.key === key && this.#since.code === code;
    this.#since = { key, code };
    if (known !== undefined && (trusted || isSealed(folder, known.seal))) {
      this.#placed.delete(key);
      this.#placed.set(key, known);
      return { folders: known.folders, put: false };
    }
    await this.#forget(key);
    while (this.#placed.size >= KEPT_SETS) await this.#forget(this.#placed.keys().next().value ?? key);
    mkdirSync(folder, { recursive: true });
    try {
      const folders = await this.#put(wanted, folder, timeoutMs);
      makeReadOnly(folder);
      this.#placed.set(key, { folders, seal: sealOf(folder) });
      return { folders, put: true };
    } catch (error) {
      await this.#forget(key);
      throw error;
    }
  }

  /** Code without packages ran: what is unpacked must be looked through before it is used again. */
  otherCodeRan(): void {
    this.#since = undefined;
  }

  async #forget(key: string): Promise<void> {
    this.#placed.delete(key);
    await removeJobFolder(join(this.#root, key));
  }
}
