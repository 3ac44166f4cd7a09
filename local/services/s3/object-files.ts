import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Bytes from `start` to `end`, both included. */
export type Span = { start: number; end: number };

const STREAM_FROM_BYTES = 256 * 1024;

const readSpan = async (file: string, { start, end }: Span): Promise<Buffer> => {
  const handle = await open(file);
  try {
    const bytes = Buffer.alloc(end - start + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
};

/**
 * The bytes of objects, one file per write: a name made of the key's hash and something new, so that no key can point
 * outside the folder and a reader keeps the version it opened.
 */
export class ObjectFiles {
  readonly #folder: string;
  readonly #half: string;

  /** Forgets what a killed process had half written. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#half = join(folder, 'half-written');
    rmSync(this.#half, { recursive: true, force: true });
    mkdirSync(this.#half, { recursive: true, mode: 0o700 });
  }

  /** Writes beside, then renames: a name that was answered has all its bytes. */
  async write(bucket: string, key: string, data: Buffer | AsyncIterable<Buffer>): Promise<string> {
    const id = randomUUID();
    const hash = createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 16);
    const name = join(hash.slice(0, 2), `${hash}-${id}`);
    const half = join(this.#half, id);
    await writeFile(half, data);
    mkdirSync(join(this.#folder, hash.slice(0, 2)), { recursive: true });
    await rename(half, join(this.#folder, name));
    return name;
  }

  /** Small spans as bytes, large ones as a stream. */
  async read(name: string, span: Span): Promise<Buffer | Readable> {
    const file = join(this.#folder, name);
    if (span.end - span.start < STREAM_FROM_BYTES) return await readSpan(file, span);
    const stream = createReadStream(file, span);
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
    return stream;
  }

  /** All files one after the other, in pieces. */
  async *readAll(names: readonly string[]): AsyncGenerator<Buffer> {
    for (const name of names) {
      for await (const piece of createReadStream(join(this.#folder, name))) yield Buffer.from(piece);
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true });
  }
}
