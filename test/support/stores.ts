import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbService } from '../../local/services/dynamodb/dynamodb-service.ts';
import { S3Service } from '../../local/services/s3/s3-service.ts';
import { DynamoJobStore } from '../../shared/aws/job-store.ts';
import { LogReads } from '../../shared/aws/log-reads.ts';
import { AwsLogStore } from '../../shared/aws/log-store.ts';
import { DynamoMaskStore } from '../../shared/aws/mask-store.ts';
import { AwsPayloadStore } from '../../shared/aws/payload-store.ts';
import { S3UploadStore } from '../../shared/aws/upload-store.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import type { Beat } from '../../shared/jobs/ports.ts';
import type { FollowupName, Job } from '../../shared/model/job.ts';
import { InstanceSettings } from '../../shared/model/settings.ts';
import { aesBox } from './aes-box.ts';
import { serveService } from './serve-service.ts';

const string = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
/** What the template's indexes hold. */
const PROJECTED =
  'id workspace kind created_by permissioned_as tag path schedule_path parent_job created_at scheduled_for'.split(' ');
const index = (IndexName: string, hash: string, range: string) => ({
  IndexName,
  KeySchema: [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ],
  Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: PROJECTED },
});

/** The product's stores over a real DynamoDB protocol (dynoxide on disk) and a real S3 protocol, each on a free port. */
export const startStores = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-stores-'));
  const place = { accountId: '000000000000', region: 'us-east-1' };
  const dynamo = await DynamoDbService.start({ folder: join(folder, 'dynamodb'), place });
  await dynamo.createTable({
    TableName: 'jobs',
    AttributeDefinitions: ['pk', 'sk', 'runs', 'sort', 'by_path', 'live', 'due', 'failed'].map(string),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' as const },
      { AttributeName: 'sk', KeyType: 'RANGE' as const },
    ],
    GlobalSecondaryIndexes: [
      index('runs', 'runs', 'sort'),
      index('path', 'by_path', 'sort'),
      index('live', 'live', 'due'),
      index('failed', 'failed', 'sort'),
    ],
  });
  const s3 = new S3Service({ folder: join(folder, 's3'), now: Date.now });
  s3.createBucket({ name: 'payloads' });
  const dynamoServer = await serveService('dynamodb', dynamo);
  const s3Server = await serveService('s3', s3);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_S3: s3Server.client.endpoint,
  });
  const db = new DynamoDBClient(dynamoServer.client);
  /** Followups that were paid, as `<name> <job id>`. */
  const paid: string[] = [];
  const pay = (name: FollowupName) => async (job: Job) => {
    paid.push(`${name} ${job.id}`);
  };
  return {
    db,
    paid,
    followups: {
      slot: pay('slot'),
      lock: pay('lock'),
      handlers: pay('handlers'),
      tick: pay('tick'),
      restart: pay('restart'),
      wipe: pay('wipe'),
    },
    // The times of tests are long past: nothing may count as expired.
    settings: { read: async () => InstanceSettings.parse({ retention_period_secs: 0 }) },
    report: (message: string, error: unknown): void => {
      throw new Error(message, { cause: error });
    },
    jobs: new DynamoJobStore(db, 'jobs'),
    payloads: new AwsPayloadStore(db, 'jobs', 'payloads'),
    uploads: new S3UploadStore('payloads'),
    logs: new AwsLogStore(db, 'jobs', 'payloads'),
    logReads: new LogReads(db, 'jobs', 'payloads'),
    masks: new DynamoMaskStore(db, 'jobs', aesBox()),
    workers: new DynamoWorkerStore(db, 'jobs'),
    stop: async () => {
      await dynamoServer.close();
      await s3Server.close();
      await dynamo.close();
      await s3.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
export type Stores = Awaited<ReturnType<typeof startStores>>;

/** A queued job; `id` tells tests apart. */
export const aJob = (more: Partial<Job> & { id: string }): Job => ({
  workspace: 'demo',
  kind: 'script',
  status: 'queued',
  created_by: 'admin',
  permissioned_as: 'u/admin',
  email: 'admin@millrace.dev',
  tag: 'python3',
  language: 'python3',
  path: 'f/demo/x',
  hash: '0123456789abcdef',
  args: { at: 'inline', text: '{}' },
  created_at: 1_000,
  scheduled_for: 1_000,
  attempt: 0,
  tries: 0,
  timeout_s: 60,
  visible_to_owner: true,
  op: 'create:1',
  ...more,
});

/** The beat of a worker that holds these jobs and counts as alive until `lease`. */
export const aBeat = (jobs: Beat['jobs'], lease: number): Beat => ({
  jobs,
  lease,
  at: lease - 10_000,
  group: 'default',
  since: 0,
  executed: 0,
});
