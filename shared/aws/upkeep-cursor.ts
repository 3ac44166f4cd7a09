import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { z } from 'zod';
import { upkeepKey } from './job-keys.ts';

/** How far a walk over all jobs has come, so that it goes on after a pause or a crash. Writing it late repeats work, no more. */
export class UpkeepCursor<T extends object> {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #key: { pk: string; sk: string };
  readonly #schema: z.ZodType<T>;

  constructor(db: DynamoDBClient, table: string, walk: Parameters<typeof upkeepKey>[0], schema: z.ZodType<T>) {
    this.#db = db;
    this.#table = table;
    this.#key = upkeepKey(walk);
    this.#schema = schema;
  }

  async read(): Promise<T | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(this.#key), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : this.#schema.parse(unmarshall(Item));
  }

  /** Undefined: there is none any more. */
  async write(cursor: T | undefined): Promise<void> {
    const TableName = this.#table;
    await (cursor === undefined
      ? this.#db.send(new DeleteItemCommand({ TableName, Key: marshall(this.#key) }))
      : this.#db.send(
          new PutItemCommand({
            TableName,
            Item: marshall({ ...cursor, ...this.#key }, { removeUndefinedValues: true }),
          }),
        ));
  }
}
