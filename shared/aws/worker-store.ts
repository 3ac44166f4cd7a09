import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { Beat, WorkerStore } from '../jobs/ports.ts';
import { WORKERS, workerKey } from './job-keys.ts';

/** A worker as its last beat left it (times in milliseconds since 1970); one of an earlier version tells less. */
export const Worker = z.object({
  sk: z.string(),
  lease: z.number(),
  jobs: z.array(z.object({ workspace: z.string(), id: z.string(), attempt: z.number() })),
  at: z.number().optional(),
  group: z.string().optional(),
  since: z.number().optional(),
  executed: z.number().optional(),
});
export type Worker = z.infer<typeof Worker>;

/** The `worker` items: one per environment that holds jobs for more than a few seconds. */
export class DynamoWorkerStore implements WorkerStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async beat(worker: string, beat: Beat): Promise<void> {
    const Item = marshall({ ...beat, ...workerKey(worker) });
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  async leaseOf(worker: string): Promise<number | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(workerKey(worker)), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : Worker.parse(unmarshall(Item)).lease;
  }

  async gone(worker: string): Promise<void> {
    await this.#db.send(new DeleteItemCommand({ TableName: this.#table, Key: marshall(workerKey(worker)) }));
  }

  /** All workers with a beat, at most a page of them: the reaper comes again. */
  async list(): Promise<Worker[]> {
    const { Items } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :workers',
        ExpressionAttributeValues: { ':workers': { S: WORKERS } },
        ConsistentRead: true,
      }),
    );
    return (Items ?? []).map((item) => Worker.parse(unmarshall(item)));
  }
}
