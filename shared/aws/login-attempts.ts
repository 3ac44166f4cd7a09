import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** So many tries in so long, and then none until the time is over. */
const TRIES = 10;
const WINDOW_MS = 15 * 60_000;

/** Counts tries to log in to one account, in the jobs table because its items expire by themselves. */
export class LoginAttempts {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  /** Takes one try of `account`, before its password is looked at. False: there were too many in the last quarter of an hour. */
  async take(account: string, now: number): Promise<boolean> {
    const window = Math.floor(now / WINDOW_MS);
    try {
      await this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall({ pk: `login#${account}`, sk: String(window) }),
          UpdateExpression: 'ADD tries :one SET expires = :expires',
          ConditionExpression: 'attribute_not_exists(tries) OR tries < :most',
          ExpressionAttributeValues: marshall({
            ':one': 1,
            ':most': TRIES,
            ':expires': Math.ceil(((window + 1) * WINDOW_MS) / 1000),
          }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
