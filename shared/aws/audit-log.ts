import { type AttributeValue, type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { AuditEntry } from '../model/audit.ts';
import { type CatalogTable, catalogItem } from './catalog-items.ts';
import { auditKey, auditPartition } from './catalog-keys.ts';

/** A list of the log reads at most so many lines, however few of them fit. */
const MOST_READ = 5_000;
const PAGE = 500;

type Wanted = {
  /** Milliseconds since 1970, exclusive. */
  before?: number | undefined;
  after?: number | undefined;
  fits: (entry: AuditEntry) => boolean;
  skip: number;
  limit: number;
};

/** The audit log, kept for good: retention is about jobs. */
export class AuditLog {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  async append(entry: AuditEntry): Promise<void> {
    const { db, table: TableName } = this.#at;
    await db.send(new PutItemCommand({ TableName, Item: catalogItem(auditKey(entry.workspace, entry.id), entry) }));
  }

  /** Newest first. Looks through at most 5,000 lines of the time asked for, and then answers what it found. */
  async list(workspace: string, { before, after, fits, skip, limit }: Wanted): Promise<AuditEntry[]> {
    const found: AuditEntry[] = [];
    const from = auditKey(workspace, (after ?? 0) * 1000 + 999).sk;
    const to = auditKey(workspace, (before ?? 9e12) * 1000 - 1).sk;
    let next: Record<string, AttributeValue> | undefined;
    for (let read = 0; read < MOST_READ && found.length < skip + limit; read += PAGE) {
      const { Items, LastEvaluatedKey } = await this.#at.db.send(
        new QueryCommand({
          TableName: this.#at.table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: marshall({ ':pk': auditPartition(workspace), ':from': from, ':to': to }),
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
