import { BatchWriteItemCommand, type DynamoDBClient, paginateQuery, type WriteRequest } from '@aws-sdk/client-dynamodb';
import type { JobRemains } from '../jobs/payload-ports.ts';
import type { JobKey } from '../model/job.ts';
import { jobPartition, jobPrefix } from './job-keys.ts';

/** DynamoDB's limit for one BatchWriteItem. */
const BATCH = 25;
/** Rounds over what DynamoDB left undone before giving up. */
const MOST_ROUNDS = 10;

/** What lies beside job items, in the table and in the bucket. */
export class AwsJobRemains implements JobRemains {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
  }

  async list(key: JobKey): Promise<{ items: string[]; objects: boolean; job: boolean }> {
    const query = {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: jobPartition(key) } },
      ProjectionExpression: 'sk, #object',
      ExpressionAttributeNames: { '#object': 'object' },
      ConsistentRead: true,
    };
    const items: string[] = [];
    const found = { items, objects: false, job: false };
    for await (const { Items } of paginateQuery({ client: this.#db }, query)) {
      for (const { sk, object } of Items ?? []) {
        if (object !== undefined) found.objects = true;
        if (sk?.S === 'job') found.job = true;
        else if (sk?.S !== undefined) found.items.push(sk.S);
      }
    }
    return found;
  }

  async deleteItems(key: JobKey, items: readonly string[]): Promise<void> {
    let requests = items.map((sk): WriteRequest => {
      return { DeleteRequest: { Key: { pk: { S: jobPartition(key) }, sk: { S: sk } } } };
    });
    const most = MOST_ROUNDS + Math.ceil(items.length / BATCH);
    for (let round = 0; requests.length > 0; round += 1) {
      if (round === most) throw new Error(`${requests.length} items of job ${key.id} could not be deleted yet`);
      const { UnprocessedItems } = await this.#db.send(
        new BatchWriteItemCommand({ RequestItems: { [this.#table]: requests.slice(0, BATCH) } }),
      );
      requests = [...(UnprocessedItems?.[this.#table] ?? []), ...requests.slice(BATCH)];
    }
  }

  async deleteObjects(key: JobKey, folders: readonly string[] = ['']): Promise<void> {
    for (const folder of folders) await this.#deleteUnder(`${jobPrefix(key)}${folder === '' ? '' : `${folder}/`}`);
  }

  /** What is deleted falls out of the next listing, so that each is the first page. */
  async #deleteUnder(Prefix: string): Promise<void> {
    const { DeleteObjectsCommand, ListObjectsV2Command, s3Client } = await import('./s3.ts');
    const Bucket = this.#bucket;
    for (;;) {
      const { Contents } = await s3Client().send(new ListObjectsV2Command({ Bucket, Prefix }));
      const Objects = (Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
      if (Objects.length === 0) return;
      const { Errors } = await s3Client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      if (Errors !== undefined && Errors.length > 0)
        throw new Error(`${Errors.length} objects under ${Prefix} could not be deleted: ${Errors[0]?.Code ?? ''}`);
    }
  }
}
