import { randomBytes, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openDatabase } from '../database.ts';

const Row = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  material: z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes)),
  created_at: z.number(),
});
/** `material` is 32 bytes and leaves the service only as what it encrypted. */
export type Key = z.infer<typeof Row>;

const schema = `CREATE TABLE IF NOT EXISTS keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, material BLOB NOT NULL, created_at INTEGER NOT NULL
)`;

/** Keys and their material in a SQLite file of their own. It is in clear there, so its folder must be private. */
export class KeyStore {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = openDatabase(file, schema);
  }

  /** The key of this name, made when there is none. Its material never changes: without it all it encrypted is lost. */
  ensure(name: string, description: string, now: number): Key {
    this.#database
      .prepare('INSERT OR IGNORE INTO keys (id, name, description, material, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(randomUUID(), name, description, randomBytes(32), now);
    return Row.parse(this.#database.prepare('SELECT * FROM keys WHERE name = ?').get(name));
  }

  find(id: string): Key | undefined {
    const row = this.#database.prepare('SELECT * FROM keys WHERE id = ?').get(id);
    return row === undefined ? undefined : Row.parse(row);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
