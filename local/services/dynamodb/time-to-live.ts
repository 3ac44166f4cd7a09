import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import { inTransaction } from '../database.ts';
import type { Backend } from './backend.ts';
import { openDynoxideFile } from './dynoxide-file.ts';
import type { Table } from './tables.ts';

/** Deletions on their way: whoever removes one of these removes it in the name of its time to live. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS millrace_expiring (
    table_name TEXT NOT NULL, hash_path TEXT NOT NULL, hash TEXT NOT NULL, range_path TEXT NOT NULL, range TEXT NOT NULL,
    PRIMARY KEY (table_name, hash, range)
  );
  DELETE FROM millrace_expiring;
  CREATE TRIGGER IF NOT EXISTS millrace_expired AFTER INSERT ON _stream_records
  WHEN NEW.event_name = 'REMOVE' AND EXISTS (
    SELECT 1 FROM millrace_expiring AS item WHERE item.table_name = NEW.table_name
    AND item.hash = json_extract(NEW.keys_json, item.hash_path)
    AND item.range = COALESCE(json_extract(NEW.keys_json, item.range_path), '')
  ) BEGIN
    UPDATE _stream_records SET user_identity = '{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"}'
    WHERE id = NEW.id;
  END;
`;

const Item = z.object({ item_json: z.string() }).transform(({ item_json }) => {
  const item: unknown = JSON.parse(item_json);
  return z.record(z.string(), z.unknown()).parse(item);
});
type Item = z.infer<typeof Item>;

const AT_ONCE = 100;
const IN_PARALLEL = 8;

/** The table's hash and range attribute as JSON paths; a table without a range key has one that finds nothing. */
const pathsOf = (table: Table): [hash: string, range: string] => {
  const [hash, range] = table.KeySchema.map(({ AttributeName: name }) => name);
  return [`$.${JSON.stringify(hash)}`, `$.${JSON.stringify(range ?? '')}`];
};

/**
 * What DynamoDB does to items whose time is up, done in dynoxide's own file: an index tells which they are without a walk
 * over the table, and the records of their removal say whose doing it was, as on AWS.
 */
export class TimeToLive {
  readonly #database: DatabaseSync;
  readonly #backend: Backend;

  constructor(databaseFile: string, backend: Backend) {
    this.#database = openDynoxideFile(databaseFile);
    this.#database.exec(SCHEMA);
    this.#backend = backend;
  }

  /** Deletes the table's items whose time ran out before `now` (milliseconds since 1970). Answers how many. One at a time. */
  async sweep(table: Table, now: number): Promise<number> {
    const attribute = table.TimeToLiveSpecification;
    if (attribute === undefined || !attribute.Enabled) return 0;
    this.#index(table, attribute.AttributeName);
    let deleted = 0;
    for (;;) {
      const items = this.#due(table, attribute.AttributeName, Math.floor(now / 1000));
      const removed = items.length === 0 ? 0 : await this.#remove(table, attribute.AttributeName, items, now);
      if (removed === 0) return deleted;
      deleted += removed;
    }
  }

  /** A second close does nothing. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #index(table: Table, ttl: string): void {
    this.#database.exec(
      `CREATE INDEX IF NOT EXISTS "millrace_ttl_${table.TableName}" ON "${table.TableName}" (${secondOf(ttl)})
       WHERE ${textOf(ttl)} IS NOT NULL`,
    );
  }

  #due(table: Table, ttl: string, second: number): Item[] {
    const rows = this.#database
      .prepare(
        `SELECT item_json FROM "${table.TableName}" WHERE ${textOf(ttl)} IS NOT NULL AND ${secondOf(ttl)} < ?
         ORDER BY ${secondOf(ttl)} LIMIT ${AT_ONCE}`,
      )
      .all(second);
    return Item.array().parse(rows);
  }

  async #remove(table: Table, ttl: string, items: Item[], now: number): Promise<number> {
    const [hashPath, rangePath] = pathsOf(table);
    const [hash = '', range = ''] = table.KeySchema.map(({ AttributeName: name }) => name);
    const mark = this.#database.prepare('INSERT OR IGNORE INTO millrace_expiring VALUES (?, ?, ?, ?, ?)');
    inTransaction(this.#database, () => {
      for (const item of items) {
        const rangeText = range === '' ? '' : JSON.stringify(item[range]);
        mark.run(table.TableName, hashPath, JSON.stringify(item[hash]), rangePath, rangeText);
      }
    });
    let deleted = 0;
    const rest = items.values();
    await Promise.all(
      Array.from({ length: IN_PARALLEL }, async () => {
        for (const item of rest) {
          const removed = await this.#removeOne(table, ttl, item, now);
          deleted += removed;
        }
      }),
    );
    this.#database.prepare('DELETE FROM millrace_expiring WHERE table_name = ?').run(table.TableName);
    return deleted;
  }

  async #removeOne(table: Table, ttl: string, item: Item, now: number): Promise<number> {
    try {
      await this.#backend.call('DeleteItem', {
        TableName: table.TableName,
        Key: Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name]])),
        ConditionExpression: '#ttl < :now',
        ExpressionAttributeNames: { '#ttl': ttl },
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(now / 1000)) } },
      });
      return 1;
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') return 0;
      throw error;
    }
  }
}

const textOf = (ttl: string): string => `json_extract(item_json, '$.${ttl}.N')`;
const secondOf = (ttl: string): string => `CAST(${textOf(ttl)} AS INTEGER)`;
