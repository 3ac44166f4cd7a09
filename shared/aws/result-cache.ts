import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { ResultCache } from '../jobs/limit-ports.ts';
import { Payload } from '../model/job.ts';
import { cachedResultKey } from './job-keys.ts';

const Entry = z.object({ job: z.string(), result: Payload, expires: z.number() });

/** Results of scripts that may be used again for a while. An entry points to the payload of the job whose result it is. */
export class DynamoResultCache implements ResultCache {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async find(workspace: string, digest: string, now: number): Promise<{ job: string; result: Payload } | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(cachedResultKey(workspace, digest)) }),
    );
    const entry = Item === undefined ? undefined : Entry.parse(unmarshall(Item));
    // A table's own expiry comes late.
    return entry === undefined || entry.expires * 1000 <= now ? undefined : entry;
  }

  async keep(workspace: string, digest: string, entry: { job: string; result: Payload }, until: number): Promise<void> {
    const item = { ...cachedResultKey(workspace, digest), ...entry, expires: Math.ceil(until / 1000) };
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item: marshall(item) }));
  }
}
