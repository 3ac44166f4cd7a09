import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LinkedPackage, LOCK_LIMITS, PACKAGE_LIMITS } from '../../../shared/model/package-archive.ts';
import { ArchiveLost, fetchArchive } from './fetch-archive.ts';
import { isSealed, type Seal, sealOf } from './package-seal.ts';
import { BadArchive } from './tar-reader.ts';
import { unpackArchive } from './unpack-archive.ts';

/** What it took to have the packages of a job: those that were there already, those that were fetched, and their bytes. */
type PackageFigures = { hits: number; misses: number; bytes: number; ms: number };

/** `folders` in the order of the lock. `lost`: archives that are not in the bucket as they should be. */
export type ReadyPackages =
  | { ok: true; folders: string[]; figures: PackageFigures }
  | { ok: false; lost: { sha256: string; message: string }[] };

type Kept = { folder: string; bytes: number; seal: Seal };

const AT_ONCE = 8;
/** Unpacked packages that an environment keeps, over all locks. */
const KEPT_BYTES = LOCK_LIMITS.unpackedBytes;

/**
 * The unpacked packages of an environment, one folder each, named by the hash of their archive and kept for the jobs that
 * come. A folder is filled under another name and then renamed, so nobody ever sees half of one, and of two that unpack the
 * same the second finds it there. What it keeps and how it looked is remembered here, not on the disk.
 */
export class PackageFolders {
  readonly #root: string;
  readonly #kept = new Map<string, Kept>();
  readonly #under = new Map<string, Promise<Kept>>();
  #lastUser: string | undefined;

  /** `root` is made when it is first needed. */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Has these packages unpacked. `user` names the code that will see them: when other code ran in between, each folder is
   * looked at, and one that changed is thrown away and fetched again. Throws when the bucket does not answer or the disk is full.
   */
  async ready(packages: LinkedPackage[], user: string): Promise<ReadyPackages> {
    const startedAt = performance.now();
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    if (user !== this.#lastUser) for (const one of packages) this.#dropChanged(one.sha256);
    this.#lastUser = user;
    const missing = packages.filter(({ sha256 }) => !this.#kept.has(sha256));
    this.#makeRoom(packages);
    const lost = await this.#fetchAll(missing);
    if (lost.length > 0) return { ok: false, lost };
    const folders = packages.map(({ sha256 }) => this.#use(sha256).folder);
    const bytes = missing.reduce((sum, one) => sum + one.bytes, 0);
    const ms = Math.round(performance.now() - startedAt);
    return {
      ok: true,
      folders,
      figures: { hits: packages.length - missing.length, misses: missing.length, bytes, ms },
    };
  }

  /** The code that ran last may have changed anything: nothing of it is taken for what it was. */
  distrust(): void {
    this.#lastUser = undefined;
  }

  async #fetchAll(missing: LinkedPackage[]): Promise<{ sha256: string; message: string }[]> {
    const waiting = [...missing];
    const lost: { sha256: string; message: string }[] = [];
    let room = LOCK_LIMITS.unpackedBytes;
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        try {
          room -= (await this.#have(next)).bytes;
          if (room < 0) throw new Error(`the packages unpack to more than ${LOCK_LIMITS.unpackedBytes} bytes`);
        } catch (error) {
          if (!(error instanceof ArchiveLost)) waiting.length = 0;
          if (!(error instanceof ArchiveLost)) throw error;
          lost.push({ sha256: error.sha256, message: error.message });
        }
      }
    };
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
    return lost;
  }

  /** Two that want the same at once get the same. */
  #have(wanted: LinkedPackage): Promise<Kept> {
    const { sha256 } = wanted;
    const under = this.#under.get(sha256) ?? this.#unpack(wanted).finally(() => this.#under.delete(sha256));
    this.#under.set(sha256, under);
    return under;
  }

  async #unpack(wanted: LinkedPackage): Promise<Kept> {
    const known = this.#kept.get(wanted.sha256);
    if (known !== undefined) return known;
    const stem = join(this.#root, `new-${randomBytes(9).toString('base64url')}`);
    try {
      await fetchArchive(wanted, `${stem}.archive`);
      const { bytes } = await unpackArchive(`${stem}.archive`, stem, PACKAGE_LIMITS);
      const folder = join(this.#root, wanted.sha256);
      rmSync(folder, { recursive: true, force: true });
      renameSync(stem, folder);
      const kept = { folder, bytes, seal: sealOf(folder) };
      this.#kept.set(wanted.sha256, kept);
      return kept;
    } catch (error) {
      if (error instanceof BadArchive) throw new ArchiveLost(wanted, `cannot be used: ${error.message}`);
      throw error;
    } finally {
      rmSync(`${stem}.archive`, { force: true });
      rmSync(stem, { recursive: true, force: true });
    }
  }

  /** What was used last goes last. */
  #use(sha256: string): Kept {
    const kept = this.#kept.get(sha256);
    if (kept === undefined) throw new Error('a package that was unpacked is not there');
    this.#kept.delete(sha256);
    this.#kept.set(sha256, kept);
    return kept;
  }

  #dropChanged(sha256: string): void {
    const kept = this.#kept.get(sha256);
    if (kept !== undefined && !isSealed(kept.folder, kept.seal)) this.#drop(sha256, kept);
  }

  /** How large the new ones are is not known before they are unpacked; what is kept makes room as if they were all of a lock. */
  #makeRoom(wanted: LinkedPackage[]): void {
    const named = new Set(wanted.map(({ sha256 }) => sha256));
    let bytes = 0;
    for (const one of this.#kept.values()) bytes += one.bytes;
    for (const [sha256, one] of this.#kept) {
      if (bytes <= KEPT_BYTES) return;
      if (named.has(sha256)) continue;
      this.#drop(sha256, one);
      bytes -= one.bytes;
    }
  }

  #drop(sha256: string, { folder }: Kept): void {
    this.#kept.delete(sha256);
    rmSync(folder, { recursive: true, force: true });
  }
}
