import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { TaskOrders, TaskProgress, TaskTerms } from '../jobs/task-ports.ts';
import { FramesTaken, TaskOrder } from '../model/frame-batch.ts';
import type { JobKey } from '../model/job.ts';
import { requestObject, taskKey } from './job-keys.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Terms that an environment remembers: tasks say something every few seconds. */
const MOST_KEPT = 200;

const Written = z.object({ start: z.number(), covered: z.number(), masked: z.boolean(), inline: z.number() });
const Item = z.object({
  key: z.instanceof(Uint8Array),
  progress: z.object({ seq: z.number(), taken: FramesTaken, log: Written, stream: Written }),
});

/**
 * Orders lie in S3 under a key of their own, which lies in the table beside the job: reading one takes both. A task's progress
 * is the other part of that item.
 */
export class AwsTaskOrders implements TaskOrders {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;
  readonly #kept = new Map<string, TaskTerms>();

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
  }

  async put(key: JobKey, attempt: number, order: TaskOrder, progress: TaskProgress): Promise<void> {
    const secret = randomBytes(32);
    const { PutObjectCommand, s3Client } = await import('./s3.ts');
    await s3Client().send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: requestObject(key, attempt),
        Body: sealed(secret, requestObject(key, attempt), JSON.stringify(order)),
      }),
    );
    const Item = marshall({ ...taskKey(key, attempt), key: secret, progress }, { removeUndefinedValues: true });
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  async order(key: JobKey, attempt: number): Promise<TaskOrder | undefined> {
    const name = requestObject(key, attempt);
    const item = await this.#item(key, attempt);
    if (item === undefined) return undefined;
    const { GetObjectCommand, s3Client } = await import('./s3.ts');
    const { Body } = await s3Client().send(new GetObjectCommand({ Bucket: this.#bucket, Key: name }));
    if (Body === undefined) throw new Error(`the order of job ${key.id} has no body`);
    return TaskOrder.parse(JSON.parse(opened(item.key, name, await Body.transformToByteArray())));
  }

  async terms(key: JobKey, attempt: number): Promise<TaskTerms | undefined> {
    const name = requestObject(key, attempt);
    const kept = this.#kept.get(name) ?? (await this.order(key, attempt));
    if (kept !== undefined) this.#keep(name, { secrets: kept.secrets, cacheKey: kept.cacheKey });
    return kept;
  }

  async progress(key: JobKey, attempt: number): Promise<TaskProgress | undefined> {
    return (await this.#item(key, attempt))?.progress;
  }

  async advance(key: JobKey, attempt: number, progress: TaskProgress): Promise<boolean> {
    try {
      await this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(taskKey(key, attempt)),
          UpdateExpression: 'SET progress = :progress',
          ConditionExpression: 'progress.seq = :before',
          ExpressionAttributeValues: marshall({ ':progress': progress, ':before': progress.seq - 1 }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #item(key: JobKey, attempt: number): Promise<z.infer<typeof Item> | undefined> {
    const { Item: item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(taskKey(key, attempt)), ConsistentRead: true }),
    );
    return item === undefined ? undefined : Item.parse(unmarshall(item));
  }

  #keep(name: string, terms: TaskTerms): void {
    this.#kept.set(name, terms);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

const sealed = (secret: Uint8Array, name: string, text: string): Buffer => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(Buffer.from(name));
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
};

/** Throws where the bytes are not what was sealed. */
const opened = (secret: Uint8Array, name: string, bytes: Uint8Array): string => {
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
  return Buffer.concat([text, decipher.final()]).toString('utf8');
};
