import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { UploadPromises } from '../jobs/payload-ports.ts';
import type { JobKey } from '../model/job.ts';
import { UploadPromise } from '../model/upload-promise.ts';
import { payloadKey } from './job-keys.ts';

const UPLOAD_SK = 'upload';

/** Who may use what will be uploaded for a job to be: an item in that job's partition, which goes by itself. */
export class DynamoUploadPromises implements UploadPromises {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async keep(job: JobKey, promise: UploadPromise): Promise<void> {
    const item = { ...payloadKey(job, UPLOAD_SK), ...promise, expires: Math.ceil(promise.until / 1000) };
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item: marshall(item) }));
  }

  async find(job: JobKey): Promise<UploadPromise | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(payloadKey(job, UPLOAD_SK)), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : UploadPromise.parse(unmarshall(Item));
  }
}
