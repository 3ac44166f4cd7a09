import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { ChosenLocks } from '../jobs/dependency-ports.ts';
import { LockRecord } from '../model/script-lock.ts';
import { chosenLockKey } from './job-keys.ts';

const Entry = z.object({ record: LockRecord, expires: z.number() });

/** Choices of packages that are good for some minutes, in the table of jobs, which forgets them. */
export class DynamoChosenLocks implements ChosenLocks {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async find(workspace: string, digest: string, now: number): Promise<LockRecord | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(chosenLockKey(workspace, digest)) }),
    );
    const entry = Item === undefined ? undefined : Entry.parse(unmarshall(Item));
    // A table's own expiry comes late.
    return entry === undefined || entry.expires * 1000 <= now ? undefined : entry.record;
  }

  async keep(workspace: string, digest: string, record: LockRecord, until: number): Promise<void> {
    const item = { ...chosenLockKey(workspace, digest), record, expires: Math.ceil(until / 1000) };
    await this.#db.send(
      new PutItemCommand({ TableName: this.#table, Item: marshall(item, { removeUndefinedValues: true }) }),
    );
  }
}
