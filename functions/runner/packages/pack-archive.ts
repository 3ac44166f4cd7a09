import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { PACKAGE_LIMITS } from '../../../shared/model/package-archive.ts';
import type { StatedContent } from '../../../shared/model/runner.ts';
import { tarOf } from './tar-writer.ts';

/** Packed once and unpacked in every new environment. Measured: 6 takes 2.5 times as long as 3 and makes 9 % less. */
const LEVEL = 6;

/**
 * Packs a folder into `file`: a tar of its files, compressed by zstd (measured on 870 MB: it
 * unpacks in half the time of gzip, and is a fifth smaller). The same files give the same bytes on the same version of zlib; elsewhere they only are stored twice. Throws when
 * it is more than a package may be, or holds what is no file.
 */
export const packArchive = async (folder: string, file: string): Promise<StatedContent> => {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    Readable.from(tarOf(folder), { objectMode: false }),
    counting(PACKAGE_LIMITS.unpackedBytes, 'unpacked', () => undefined),
    createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } }),
    counting(PACKAGE_LIMITS.archiveBytes, 'packed', (piece) => {
      hash.update(piece);
      bytes += piece.length;
    }),
    createWriteStream(file, { mode: 0o600, flags: 'wx' }),
  );
  return { bytes, sha256: hash.digest('hex') };
};

const counting = (most: number, what: string, look: (piece: Buffer) => void): Transform => {
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      if (bytes > most) return done(new Error(`it is ${what} more than the limit of ${most} bytes for one package`));
      look(piece);
      done(null, piece);
    },
  });
};
