import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { LogPage, LogStore } from '../jobs/payload-ports.ts';
import type { JobKey } from '../model/job.ts';
import { charCount } from '../model/text.ts';
import { jobPartition, type Paged, pageKey, pageObject, pagePrefix } from './job-keys.ts';

/** Pages of a log or of a stream: small ones as items, larger ones as objects that an item points to. */
export class AwsLogStore implements LogStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;
  readonly #of: Paged;

  constructor(db: DynamoDBClient, table: string, bucket: string, of: Paged = 'log') {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
    this.#of = of;
  }

  async append(key: JobKey, page: LogPage): Promise<void> {
    await this.#putPage(key, page, { text: { S: page.text } });
  }

  /** Object first, then the item that points to it, then the covered items go: cut anywhere, readers see each part once. */
  async offload(key: JobKey, page: LogPage, covered: number[]): Promise<void> {
    const object = pageObject(this.#of, key, page.attempt, page.start);
    const { PutObjectCommand, s3Client } = await import('./s3.ts');
    const Body = Buffer.from(page.text);
    await s3Client().send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: object, Body, ContentType: 'text/plain; charset=utf-8' }),
    );
    await this.#putPage(key, page, { object: { S: object } });
    for (let from = 0; from < covered.length; from += 25) {
      const requests = covered.slice(from, from + 25).map((start): WriteRequest => {
        const { pk, sk } = pageKey(this.#of, key, page.attempt, start);
        return { DeleteRequest: { Key: { pk: { S: pk }, sk: { S: sk } } } };
      });
      // What stays undeleted is skipped by readers (the page before covers it) and goes with its job.
      await this.#db.send(new BatchWriteItemCommand({ RequestItems: { [this.#table]: requests } }));
    }
  }

  async length(key: JobKey): Promise<number> {
    const { Items } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :pages)',
        ExpressionAttributeValues: { ':pk': { S: jobPartition(key) }, ':pages': { S: pagePrefix(this.#of) } },
        ProjectionExpression: '#start, chars',
        ExpressionAttributeNames: { '#start': 'start' },
        ScanIndexForward: false,
        Limit: 1,
        ConsistentRead: true,
      }),
    );
    const last = Items?.[0];
    return last === undefined ? 0 : Number(last.start?.N ?? 0) + Number(last.chars?.N ?? 0);
  }

  async #putPage(
    key: JobKey,
    page: LogPage,
    where: { text: { S: string } } | { object: { S: string } },
  ): Promise<void> {
    const { pk, sk } = pageKey(this.#of, key, page.attempt, page.start);
    await this.#db.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          pk: { S: pk },
          sk: { S: sk },
          attempt: { N: String(page.attempt) },
          start: { N: String(page.start) },
          chars: { N: String(charCount(page.text)) },
          ...where,
        },
      }),
    );
  }
}
