import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { PayloadStore } from '../jobs/payload-ports.ts';
import { sha256Hex } from '../model/ids.ts';
import type { JobKey, Payload } from '../model/job.ts';
import { payloadKey, payloadObject } from './job-keys.ts';

/** Up to here a text stays in the job's own item, which should remain under 1 KB (one write unit). */
const INLINE_BYTES = 300;
/** Up to here it is an item of its own: 8 KB cost as much to write as one S3 PUT. */
const ITEM_BYTES = 8 * 1024;

/** Job texts by size: in the job's item, in an item beside it, or in S3. Names hold a digest, so a second write is the same. */
export class AwsPayloadStore implements PayloadStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;
  #s3: S3Client | undefined;

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
  }

  async put(key: JobKey, kind: 'args' | 'code' | 'result', text: string): Promise<Payload> {
    const bytes = Buffer.byteLength(text);
    if (bytes <= INLINE_BYTES) return { at: 'inline', text };
    const name = `${kind}#${(await sha256Hex(text)).slice(0, 16)}`;
    if (bytes <= ITEM_BYTES) {
      const { pk, sk } = payloadKey(key, name);
      await this.#db.send(
        new PutItemCommand({ TableName: this.#table, Item: { pk: { S: pk }, sk: { S: sk }, text: { S: text } } }),
      );
      return { at: 'item', name, bytes };
    }
    const object = payloadObject(key, name);
    const { PutObjectCommand } = await import('./s3.ts');
    const s3 = await this.#client();
    await s3.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: object, Body: text, ContentType: 'application/json' }),
    );
    return { at: 'object', key: object, bytes };
  }

  async get(key: JobKey, payload: Payload): Promise<string> {
    switch (payload.at) {
      case 'inline':
        return payload.text;
      case 'item': {
        const { pk, sk } = payloadKey(key, payload.name);
        const { Item } = await this.#db.send(
          new GetItemCommand({ TableName: this.#table, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }),
        );
        const text = Item?.text?.S;
        if (text === undefined) throw new Error(`payload ${payload.name} of job ${key.id} is gone`);
        return text;
      }
      case 'object': {
        const { GetObjectCommand } = await import('./s3.ts');
        const s3 = await this.#client();
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: payload.key }));
        if (Body === undefined) throw new Error(`object of job ${key.id} has no body`);
        return Body.transformToString('utf-8');
      }
    }
  }

  async *stream(key: JobKey, payload: Payload): AsyncIterable<string | Uint8Array> {
    if (payload.at !== 'object') {
      yield await this.get(key, payload);
      return;
    }
    const { GetObjectCommand } = await import('./s3.ts');
    const s3 = await this.#client();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: payload.key }));
    if (Body === undefined) throw new Error(`object of job ${key.id} has no body`);
    yield* Body.transformToWebStream();
  }

  async presign(payload: Extract<Payload, { at: 'object' }>, seconds: number): Promise<string> {
    const [{ GetObjectCommand }, { getSignedUrl }] = await Promise.all([
      import('./s3.ts'),
      import('@aws-sdk/s3-request-presigner'),
    ]);
    const s3 = await this.#client();
    return getSignedUrl(s3, new GetObjectCommand({ Bucket: this.#bucket, Key: payload.key }), { expiresIn: seconds });
  }

  async #client(): Promise<S3Client> {
    if (this.#s3 !== undefined) return this.#s3;
    const { s3Client } = await import('./s3.ts');
    this.#s3 = s3Client();
    return this.#s3;
  }
}
