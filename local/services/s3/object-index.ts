import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { inTransaction, openDatabase } from '../database.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, key TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    modified_at INTEGER NOT NULL, headers TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY (bucket, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL, tags TEXT NOT NULL,
    started_at INTEGER NOT NULL
  );
  CREATE TABLE IF NOT EXISTS parts (
    upload TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
    PRIMARY KEY (upload, number)
  );
`;

const Headers = z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text)));

const ObjectRow = z.object({
  bucket: z.string(),
  key: z.string(),
  file: z.string(),
  size: z.number(),
  etag: z.string(),
  modified_at: z.number(),
  headers: Headers,
  tags: z.string(),
});
/** What is known of an object. `headers` are those a GET answers with: type, encoding, `x-amz-meta-*`, the checksum. */
export type StoredObject = z.infer<typeof ObjectRow>;

const UploadRow = z.object({ id: z.string(), bucket: z.string(), key: z.string(), headers: Headers, tags: z.string() });
export type Upload = z.infer<typeof UploadRow>;

const PartRow = z.object({ number: z.number(), file: z.string(), size: z.number(), etag: z.string() });
export type Part = z.infer<typeof PartRow>;

const File = z.object({ file: z.string() });

const prepare = (database: DatabaseSync) => ({
  find: database.prepare('SELECT * FROM objects WHERE bucket = ? AND key = ?'),
  put: database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
  remove: database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING file'),
  from: database.prepare('SELECT * FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?'),
  tag: database.prepare('UPDATE objects SET tags = ? WHERE bucket = ? AND key = ?'),
  begin: database.prepare('INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?)'),
  stale: database.prepare('SELECT * FROM uploads WHERE bucket = ? AND started_at < ?'),
  upload: database.prepare('SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?'),
  putPart: database.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)'),
  part: database.prepare('SELECT file FROM parts WHERE upload = ? AND number = ?'),
  parts: database.prepare('SELECT * FROM parts WHERE upload = ? ORDER BY number'),
  endParts: database.prepare('DELETE FROM parts WHERE upload = ?'),
  endUpload: database.prepare('DELETE FROM uploads WHERE id = ?'),
});

/** What objects and uploads there are, on disk. All methods act at once: between two of them nothing else happens. */
export class ObjectIndex {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string) {
    this.#database = openDatabase(file, schema);
    this.#sql = prepare(this.#database);
  }

  find(bucket: string, key: string): StoredObject | undefined {
    const row = this.#sql.find.get(bucket, key);
    return row === undefined ? undefined : ObjectRow.parse(row);
  }

  /** Answers the file of the version it replaced. */
  put(object: StoredObject): string | undefined {
    const { bucket, key, file, size, etag, modified_at, headers, tags } = object;
    const replaced = this.find(bucket, key)?.file;
    this.#sql.put.run(bucket, key, file, size, etag, modified_at, JSON.stringify(headers), tags);
    return replaced;
  }

  remove(bucket: string, key: string): string | undefined {
    const row = this.#sql.remove.get(bucket, key);
    return row === undefined ? undefined : File.parse(row).file;
  }

  tag(bucket: string, key: string, tags: string): void {
    this.#sql.tag.run(tags, bucket, key);
  }

  /** Objects whose key is `key` or comes after it in the order of the UTF-8 bytes. */
  from(bucket: string, key: string, limit: number): StoredObject[] {
    return ObjectRow.array().parse(this.#sql.from.all(bucket, key, limit));
  }

  beginUpload(upload: Upload, now: number): void {
    this.#sql.begin.run(upload.id, upload.bucket, upload.key, JSON.stringify(upload.headers), upload.tags, now);
  }

  upload(id: string, bucket: string, key: string): Upload | undefined {
    const row = this.#sql.upload.get(id, bucket, key);
    return row === undefined ? undefined : UploadRow.parse(row);
  }

  uploadsBefore(bucket: string, time: number): Upload[] {
    return UploadRow.array().parse(this.#sql.stale.all(bucket, time));
  }

  /** Answers the file of the part it replaced. */
  putPart(upload: string, part: Part): string | undefined {
    const row = this.#sql.part.get(upload, part.number);
    this.#sql.putPart.run(upload, part.number, part.file, part.size, part.etag);
    return row === undefined ? undefined : File.parse(row).file;
  }

  parts(upload: string): Part[] {
    return PartRow.array().parse(this.#sql.parts.all(upload));
  }

  endUpload(upload: string): void {
    inTransaction(this.#database, () => {
      this.#sql.endParts.run(upload);
      this.#sql.endUpload.run(upload);
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
