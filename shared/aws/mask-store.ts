import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { MaskStore, SecretBox } from '../jobs/value-ports.ts';
import { sha256Hex } from '../model/ids.ts';
import type { JobKey } from '../model/job.ts';
import { isMaskable } from '../model/secret-forms.ts';
import { jobKey, maskKey, maskPrefix } from './job-keys.ts';

/** What a mask is sealed for (`SecretBox`): it opens for its own attempt only. */
const binding = (key: JobKey, attempt: number): string => `mask:${key.id}:${attempt}`;

/** The masks of running attempts: sealed items beside the job, and a count of additions in the job's own item. */
export class DynamoMaskStore implements MaskStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #box: SecretBox;

  constructor(db: DynamoDBClient, table: string, box: SecretBox) {
    this.#db = db;
    this.#table = table;
    this.#box = box;
  }

  /**
   * Items first, then the count: whoever reads the count finds the items. Each secret is kept once an attempt, however
   * often it is fetched. Texts too short to be masked are not kept.
   */
  async add(key: JobKey, attempt: number, texts: readonly string[]): Promise<boolean> {
    const maskable = new Set(texts.filter(isMaskable));
    if (maskable.size === 0) return true;
    const kept = new Set(await this.#texts(key, attempt));
    await Promise.all([...maskable].filter((text) => !kept.has(text)).map((text) => this.#put(key, attempt, text)));
    return this.#count(key, attempt);
  }

  async read(key: JobKey, attempt: number, known = 0): Promise<{ texts: string[]; revision: number }> {
    const { Item } = await this.#db.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: marshall(jobKey(key)),
        ProjectionExpression: 'masks',
        ConsistentRead: true,
      }),
    );
    const revision = Number(Item?.masks?.N ?? 0);
    return { revision, texts: revision === known ? [] : await this.#texts(key, attempt) };
  }

  /** Named by the sealed text: a name made of the secret itself would let it be guessed. */
  async #put(key: JobKey, attempt: number, text: string): Promise<void> {
    const sealed = await this.#box.seal(key.workspace, binding(key, attempt), text);
    const name = maskKey(key, attempt, (await sha256Hex(sealed)).slice(0, 16));
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item: marshall({ ...name, sealed }) }));
  }

  async #count(key: JobKey, attempt: number): Promise<boolean> {
    try {
      await this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(jobKey(key)),
          UpdateExpression: 'ADD masks :one',
          ConditionExpression: '#status = :running AND attempt = :attempt',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: marshall({ ':one': 1, ':running': 'running', ':attempt': attempt }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Throws when one cannot be opened: a log must not be written as if it were not there. */
  async #texts(key: JobKey, attempt: number): Promise<string[]> {
    const texts: string[] = [];
    let next: Record<string, AttributeValue> | undefined;
    do {
      const { Items, LastEvaluatedKey } = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :masks)',
          ExpressionAttributeValues: marshall({ ':pk': jobKey(key).pk, ':masks': maskPrefix(attempt) }),
          ProjectionExpression: 'sealed',
          ConsistentRead: true,
          ...(next === undefined ? {} : { ExclusiveStartKey: next }),
        }),
      );
      const opened = (Items ?? []).map((item) => this.#open(key, attempt, item.sealed?.S ?? ''));
      texts.push(...(await Promise.all(opened)));
      next = LastEvaluatedKey;
    } while (next !== undefined);
    return texts;
  }

  async #open(key: JobKey, attempt: number, sealed: string): Promise<string> {
    const text = await this.#box.open(key.workspace, binding(key, attempt), sealed);
    if (text === undefined) throw new Error(`a mask of job ${key.id} cannot be opened`);
    return text;
  }
}
