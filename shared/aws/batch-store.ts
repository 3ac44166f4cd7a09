import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { BatchStore } from '../jobs/ports.ts';
import type { Batch } from '../model/debounce.ts';
import { debounceKey } from './job-keys.ts';

const Stored = z.object({ job: z.string(), first_at: z.number(), amount: z.number() });
/** A batch whose job has run is forgotten a day later at the latest. */
const LIVES_S = 86_400;

/** The open batches of debounced runs: which job stands for a key now. */
export class DynamoBatchStore implements BatchStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async read(workspace: string, key: string): Promise<Batch | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: marshall(debounceKey(workspace, key)),
        ConsistentRead: true,
      }),
    );
    return Item === undefined ? undefined : Stored.parse(unmarshall(Item));
  }

  async replace(
    workspace: string,
    key: string,
    seen: Batch | undefined,
    next: Batch & { due: number },
  ): Promise<boolean> {
    const { due, ...batch } = next;
    const expires = Math.ceil(due / 1000) + LIVES_S;
    try {
      await this.#db.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall({ ...debounceKey(workspace, key), ...batch, expires }),
          ConditionExpression: seen === undefined ? 'attribute_not_exists(pk)' : 'job = :seen',
          ...(seen === undefined ? {} : { ExpressionAttributeValues: marshall({ ':seen': seen.job }) }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async close(workspace: string, key: string, job: string): Promise<boolean> {
    try {
      await this.#db.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: marshall(debounceKey(workspace, key)),
          ConditionExpression: 'attribute_not_exists(pk) OR job = :job',
          ExpressionAttributeValues: marshall({ ':job': job }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
