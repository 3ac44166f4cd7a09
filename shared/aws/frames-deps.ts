import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Report } from '../jobs/ports.ts';
import type { TakeFramesDeps } from '../jobs/take-frames.ts';
import { errorLine } from '../model/log-line.ts';
import { sqsClient } from './clients.ts';
import { type Queues, SqsJobQueue } from './job-queue.ts';
import { DynamoJobStore } from './job-store.ts';
import { AwsLogStore } from './log-store.ts';
import { DynamoMaskStore } from './mask-store.ts';
import { AwsPayloadStore } from './payload-store.ts';
import { DynamoResultCache } from './result-cache.ts';
import { KmsSecretBox } from './secret-box.ts';
import { SettingsStore } from './settings-store.ts';
import { DynamoSlotStore } from './slot-store.ts';
import { AwsTaskOrders } from './task-orders.ts';
import { S3UploadStore } from './upload-store.ts';
import { DynamoWorkerStore } from './worker-store.ts';

export type FramesEnv = {
  JOBS_TABLE: string;
  CATALOG_TABLE: string;
  PAYLOAD_BUCKET: string;
  SECRETS_KEY_ARN: string;
  QUEUES: Queues;
};

/** What taking a task's frames needs on AWS. What an ended job owes is not paid here: dispatch is told by a message. */
export const framesDeps = (db: DynamoDBClient, env: FramesEnv): TakeFramesDeps => {
  const { JOBS_TABLE: table, PAYLOAD_BUCKET: bucket, CATALOG_TABLE: catalog, SECRETS_KEY_ARN: keyArn } = env;
  const now = Date.now;
  const queue = new SqsJobQueue(sqsClient(), env.QUEUES);
  const report: Report = (message, error, ids) => console.error(errorLine(message, error, ids));
  const box = new KmsSecretBox(db, catalog, { keyArn, purpose: 'masks', makesKeys: false, now });
  return {
    jobs: new DynamoJobStore(db, table),
    payloads: new AwsPayloadStore(db, table, bucket),
    settings: new SettingsStore(db, catalog),
    workers: new DynamoWorkerStore(db, table),
    orders: new AwsTaskOrders(db, table, bucket),
    logs: new AwsLogStore(db, table, bucket),
    streams: new AwsLogStore(db, table, bucket, 'stream'),
    masks: new DynamoMaskStore(db, table, box),
    uploads: new S3UploadStore(bucket),
    slots: new DynamoSlotStore(db, table),
    cache: new DynamoResultCache(db, table),
    evaluate: async (expression, scope) => (await import('../expressions/quickjs.ts')).evaluate(expression, scope),
    tellOfDebt: (job, at) => queue.send(job, at, at),
    random: Math.random,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    queue,
    report,
    now,
  };
};
