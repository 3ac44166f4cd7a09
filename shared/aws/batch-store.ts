import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { BatchStore } from '../jobs/limit-ports.ts';
import type { Batch } from '../model/debounce.ts';
import { debounceKey } from './job-keys.ts';

const Stored = z.object({
  job: z.string(),
  first_at: z.number(),
  amount: z.number(),
  over: z.string().optional(),
});
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
          Item: marshall({ ...debounceKey(workspace, key), ...batch, expires }, { removeUndefinedValues: true }),
          // It may stand there already: then the answer to an earlier try was lost.
          ConditionExpression: `${seen === undefined ? 'attribute_not_exists(pk)' : 'job = :seen'} OR job = :job`,
          ExpressionAttributeValues: marshall({
            ':job': next.job,
            ...(seen === undefined ? {} : { ':seen': seen.job }),
          }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async close(workspace: string, key: string, job: string, createdAt: number) {
    try {
      const { Attributes } = await this.#db.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: marshall(debounceKey(workspace, key)),
          ConditionExpression: 'attribute_not_exists(pk) OR job = :job',
          ExpressionAttributeValues: marshall({ ':job': job }),
          ReturnValues: 'ALL_OLD',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      const closed = Attributes === undefined ? undefined : Stored.parse(unmarshall(Attributes));
      return { stands: true as const, over: closed?.over };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const later = error.Item !== undefined && Stored.parse(unmarshall(error.Item)).first_at > createdAt;
      return later ? { stands: true as const, over: undefined } : { stands: false as const };
    }
  }
}
