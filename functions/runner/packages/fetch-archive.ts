import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkedPackage } from '../../../shared/model/package-archive.ts';

/** An archive is not in the bucket as the lock says. `damaged`: something else is there. */
export class ArchiveLost extends Error {
  override readonly name = 'ArchiveLost';
  readonly sha256: string;

  constructor({ name, version, sha256 }: LinkedPackage, what: string) {
    super(`the archive of ${name} ${version} ${what}`);
    this.sha256 = sha256;
  }
}

const TRIES = 3;
const FETCH_WITHIN_MS = 300_000;
/** What a bucket answers where nothing is: 403 to who may not list it. */
const ABSENT = new Set([403, 404]);

/**
 * Fetches the archive of a package into `file` and looks whether it is the one that the lock names, before anything reads it.
 * A try more where the answer was cut off or the bucket was busy. Throws ArchiveLost when it is not there or another.
 */
export const fetchArchive = async (wanted: LinkedPackage, file: string): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await fetchOnce(wanted, file);
      return;
    } catch (error) {
      if (error instanceof ArchiveLost) throw error;
      if (tries === TRIES)
        throw new Error(`${wanted.name} ${wanted.version} could not be fetched: ${messageOf(error)}`, { cause: error });
      await sleep(tries * 200);
    }
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const fetchOnce = async (wanted: LinkedPackage, file: string): Promise<void> => {
  const answer = await fetch(wanted.url, { signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
  if (!answer.ok || answer.body === null) {
    await answer.body?.cancel();
    if (ABSENT.has(answer.status)) throw new ArchiveLost(wanted, 'is not there');
    throw new Error(`its storage answered ${answer.status}`);
  }
  const hash = createHash('sha256');
  let bytes = 0;
  const looking = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      hash.update(piece);
      if (bytes > wanted.bytes) done(new ArchiveLost(wanted, 'is damaged: it is longer than it was'));
      else done(null, piece);
    },
  });
  await pipeline(Readable.fromWeb(answer.body), looking, createWriteStream(file, { mode: 0o600 }));
  if (bytes !== wanted.bytes) throw new ArchiveLost(wanted, `is damaged: it has ${bytes} bytes of ${wanted.bytes}`);
  if (hash.digest('hex') !== wanted.sha256) throw new ArchiveLost(wanted, 'is damaged: its content is another');
};
