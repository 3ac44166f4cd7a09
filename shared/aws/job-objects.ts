import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { JobKey } from '../model/job.ts';
import { JOBS_PREFIX, jobKey, jobOfObject } from './job-keys.ts';

/** DynamoDB's limit for one BatchGetItem. */
const BATCH = 100;
const Key = z.object({ workspace: z.string(), id: z.string() });

/** The objects of all jobs, held against the jobs there are. */
export class JobObjects {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
  }

  /** Up to 1,000 objects behind a key, in order. */
  async page(after: string | undefined): Promise<{ object: string; job: JobKey | undefined; modified: number }[]> {
    const { ListObjectsV2Command, s3Client } = await import('./s3.ts');
    const { Contents } = await s3Client().send(
      new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: JOBS_PREFIX, StartAfter: after }),
    );
    return (Contents ?? []).flatMap(({ Key: object, LastModified }) =>
      object === undefined || LastModified === undefined
        ? []
        : [{ object, job: jobOfObject(object), modified: LastModified.getTime() }],
    );
  }

  /** Those of the jobs that have an item, read consistently. */
  async existing(jobs: JobKey[]): Promise<JobKey[]> {
    const found: JobKey[] = [];
    let keys = jobs.map((job) => marshall(jobKey(job)));
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await this.#db.send(
        new BatchGetItemCommand({
          RequestItems: {
            [this.#table]: { Keys: keys.slice(0, BATCH), ProjectionExpression: 'workspace, id', ConsistentRead: true },
          },
        }),
      );
      found.push(...(Responses?.[this.#table] ?? []).map((item) => Key.parse(unmarshall(item))));
      keys = [...(UnprocessedKeys?.[this.#table]?.Keys ?? []), ...keys.slice(BATCH)];
    }
    return found;
  }

  /** The tag that the bucket's lifecycle rule expires by: nothing else is ever expired. */
  async tagOrphan(object: string): Promise<void> {
    const { PutObjectTaggingCommand, s3Client } = await import('./s3.ts');
    await s3Client().send(
      new PutObjectTaggingCommand({
        Bucket: this.#bucket,
        Key: object,
        Tagging: { TagSet: [{ Key: 'orphan', Value: 'true' }] },
      }),
    );
  }
}
