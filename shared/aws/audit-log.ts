import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AuditTrail } from '../jobs/value-ports.ts';
import { AuditEntry, type AuditHistory, type AuditLine, auditId } from '../model/audit.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { auditKey, auditPartition } from './catalog-keys.ts';
import { writeTogether } from './catalog-transaction.ts';

/** A list of the log reads at most so many lines, however few of them fit. */
const MOST_READ = 5_000;
const PAGE = 500;
/** Lines of one millisecond look for a free place this often. */
const MOST_TRIES = 10;

const NEW = 'attribute_not_exists(pk)';
/** Milliseconds since 1970: the year 2255. */
const END_OF_TIME = 9e12;

type Wanted = {
  /** Milliseconds since 1970, exclusive. */
  before?: number | undefined;
  after?: number | undefined;
  /** An id, exclusive. */
  before_id?: number | undefined;
  /** Only what is about this group or folder. */
  history?: AuditHistory;
  fits: (entry: AuditEntry) => boolean;
  skip: number;
  limit: number;
};

/** The audit log, kept for good: retention is about jobs. */
export class AuditLog implements AuditTrail {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  /**
   * Never replaces a line. Where its place is taken it looks for another one, each time in twice as wide a range, so that
   * thousands of lines of one request find room within some milliseconds.
   */
  async append(line: AuditLine): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const id = auditId(line.timestamp, Math.random() * 2 ** tries);
      if (await this.#put({ ...line, id })) return;
    }
    throw new Error(`the audit log has no room at ${line.timestamp}`);
  }

  /** What has a history of its own is written there in the same transaction. */
  async #put({ history, ...entry }: AuditLine & AuditEntry): Promise<boolean> {
    if (history === undefined) return this.#putOne(entry);
    const { table: TableName } = this.#at;
    const keys = [auditKey(entry.workspace, entry.id), auditKey(entry.workspace, entry.id, history)];
    const writes = keys.map((key) => ({ Put: { TableName, Item: catalogItem(key, entry), ConditionExpression: NEW } }));
    return (await writeTogether(this.#at, writes)).length === 0;
  }

  /** A single put: whoever starts jobs may do no more than that. */
  async #putOne(entry: AuditEntry): Promise<boolean> {
    const { db, table: TableName } = this.#at;
    const Item = catalogItem(auditKey(entry.workspace, entry.id), entry);
    try {
      await db.send(new PutItemCommand({ TableName, Item, ConditionExpression: NEW }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  get(workspace: string, id: number): Promise<AuditEntry | undefined> {
    return readItem(this.#at, auditKey(workspace, id), AuditEntry);
  }

  /** Newest first. Looks through at most 5,000 lines of the time asked for, and then answers what it found. */
  async list(workspace: string, wanted: Wanted): Promise<AuditEntry[]> {
    const { before = END_OF_TIME, after = 0, before_id, history, fits, skip, limit } = wanted;
    const found: AuditEntry[] = [];
    const from = auditKey(workspace, after * 1000 + 999).sk;
    const to = auditKey(workspace, Math.min(before * 1000, before_id ?? Number.POSITIVE_INFINITY) - 1).sk;
    if (from > to) return [];
    let next: Record<string, AttributeValue> | undefined;
    for (let read = 0; read < MOST_READ && found.length < skip + limit; read += PAGE) {
      const { Items, LastEvaluatedKey } = await this.#at.db.send(
        new QueryCommand({
          TableName: this.#at.table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: marshall({ ':pk': auditPartition(workspace, history), ':from': from, ':to': to }),
          ScanIndexForward: false,
          Limit: PAGE,
          ...(next === undefined ? {} : { ExclusiveStartKey: next }),
        }),
      );
      found.push(...(Items ?? []).map((item) => AuditEntry.parse(unmarshall(item))).filter(fits));
      next = LastEvaluatedKey;
      if (next === undefined) break;
    }
    return found.slice(skip, skip + limit);
  }
}
