import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** So many tries in a quarter of an hour: on one account, and from one network, which may be a whole office. */
const TRIES = { account: 10, network: 100 };
const WINDOW_MS = 15 * 60_000;

/** Counts tries to log in, in the jobs table because its items expire by themselves. */
export class LoginAttempts {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  /**
   * Takes one try at an account from a network, before a password is looked at. False: there were too many in this quarter
   * of an hour. A network that has none left takes none from the account either.
   */
  async take(who: { account: string; network: string | undefined }, now: number): Promise<boolean> {
    if (who.network !== undefined && !(await this.#take('network', who.network, now))) return false;
    return this.#take('account', who.account, now);
  }

  async #take(kind: keyof typeof TRIES, name: string, now: number): Promise<boolean> {
    const window = Math.floor(now / WINDOW_MS);
    try {
      await this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall({ pk: `login#${kind}#${name}`, sk: String(window) }),
          UpdateExpression: 'ADD tries :one SET expires = :expires',
          ConditionExpression: 'attribute_not_exists(tries) OR tries < :most',
          ExpressionAttributeValues: marshall({
            ':one': 1,
            ':most': TRIES[kind],
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
