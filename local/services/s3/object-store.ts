import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ObjectFiles, type Span } from './object-files.ts';
import { ObjectIndex, type StoredObject } from './object-index.ts';

export const md5Hex = (data: Buffer): string => createHash('md5').update(data).digest('hex');

/** A new version of an object; `etag` without quotes. */
export type NewObject = {
  bucket: string;
  key: string;
  data: Buffer | AsyncIterable<Buffer>;
  size: number;
  etag: string;
  headers: Record<string, string>;
  tags: string;
};

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Objects: what is known of them and their bytes, kept in step. */
export class ObjectStore {
  readonly index: ObjectIndex;
  readonly files: ObjectFiles;
  readonly now: () => number;

  constructor(folder: string, now: () => number) {
    this.files = new ObjectFiles(folder);
    this.index = new ObjectIndex(join(folder, 'index.db'));
    this.now = now;
  }

  /**
   * Stores an object whole or not at all. `mayWrite` throws to refuse; it is asked again at the very moment of the
   * write, so of many conditional writes one wins.
   */
  async put(object: NewObject, mayWrite: (existing: StoredObject | undefined) => void): Promise<void> {
    const { data, ...known } = object;
    mayWrite(this.index.find(object.bucket, object.key));
    const file = await this.files.write(object.bucket, object.key, data);
    let replaced: string | undefined;
    try {
      mayWrite(this.index.find(object.bucket, object.key));
      replaced = this.index.put({ ...known, file, modified_at: this.now() });
    } catch (error) {
      await this.files.remove(file);
      throw error;
    }
    if (replaced !== undefined) await this.files.remove(replaced);
  }

  /** The bytes of the object as found, or undefined when a write or delete has replaced it meanwhile. */
  async read(object: StoredObject, span: Span): Promise<Buffer | Readable | undefined> {
    try {
      return await this.files.read(object.file, span);
    } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
  }

  async remove(bucket: string, key: string): Promise<void> {
    const file = this.index.remove(bucket, key);
    if (file !== undefined) await this.files.remove(file);
  }
}
