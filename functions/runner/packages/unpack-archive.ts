import { closeSync, constants, createReadStream, fchmodSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress, constants as zlib } from 'node:zlib';
import { BadArchive, TarReader, type TarTarget } from './tar-reader.ts';

/** What an archive may grow to. */
export type UnpackLimits = { unpackedBytes: number; files: number };

/** Memory that an archive may ask for in order to be unpacked, as a power of two: 16 MB. */
const WINDOW_LOG = 24;

/**
 * Unpacks what packArchive made into `folder`, which must not be there. An archive is trusted with nothing: a path that leads
 * out, a link, a file given twice and more than the limits are refused before they are written. Throws BadArchive; then the
 * folder is half filled, and for nobody to use. Gives what it wrote.
 */
export const unpackArchive = async (
  archive: string,
  folder: string,
  limits: UnpackLimits,
): Promise<{ bytes: number; files: number }> => {
  mkdirSync(folder, { mode: 0o755 });
  const target = new FolderTarget(folder, limits);
  const reader = new TarReader(target);
  const into = new Writable({
    write(piece: Buffer, _encoding, done) {
      try {
        reader.push(piece);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
  const unzip = createZstdDecompress({
    params: { [zlib.ZSTD_d_windowLogMax]: WINDOW_LOG },
    chunkSize: 256 * 1024,
  });
  try {
    await pipeline(createReadStream(archive, { highWaterMark: 256 * 1024 }), unzip, into);
    reader.end();
  } catch (error) {
    target.abandon();
    throw isZstd(error) ? new BadArchive('the archive cannot be unpacked', { cause: error }) : error;
  }
  return { bytes: target.bytes, files: target.files };
};

const isZstd = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^ZSTD_|^Z_/.test(String(error.code));

/** Writes by calls that block: a package has many small files, and a trip to the thread pool costs more than most of them. */
class FolderTarget implements TarTarget {
  bytes = 0;
  files = 0;
  readonly #folder: string;
  readonly #limits: UnpackLimits;
  readonly #made = new Set<string>();
  #open: number | undefined;

  constructor(folder: string, limits: UnpackLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  file(path: string, bytes: number, executable: boolean): void {
    this.files += 1;
    this.bytes += bytes;
    if (this.files > this.#limits.files) throw new BadArchive(`the archive has more than ${this.#limits.files} files`);
    if (this.bytes > this.#limits.unpackedBytes)
      throw new BadArchive(`the archive unpacks to more than ${this.#limits.unpackedBytes} bytes`);
    this.#folderOf(path);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    this.#open = refusing(path, () => openSync(join(this.#folder, path), flags, 0o600));
    fchmodSync(this.#open, executable ? 0o555 : 0o444);
  }

  piece(bytes: Buffer): void {
    if (this.#open === undefined) throw new Error('no file is open');
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#open, bytes, at, bytes.length - at);
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }

  abandon(): void {
    this.close();
  }

  #folderOf(path: string): void {
    const folder = dirname(path);
    if (folder === '.' || this.#made.has(folder)) return;
    refusing(path, () => mkdirSync(join(this.#folder, folder), { recursive: true, mode: 0o755 }));
    this.#made.add(folder);
  }
}

const CLASHES = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP']);

/** A path that is there already, or leads through a file, is the archive's fault; a full disk is not. */
const refusing = <T>(path: string, act: () => T): T => {
  try {
    return act();
  } catch (error) {
    if (error instanceof Error && 'code' in error && CLASHES.has(String(error.code)))
      throw new BadArchive(`the archive has ${JSON.stringify(path)} twice, or a file where a folder is`);
    throw error;
  }
};
