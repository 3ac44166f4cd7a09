import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobQueue } from '../jobs/ports.ts';
import type { StartDeps } from '../jobs/start-job.ts';
import { AuditLog } from './audit-log.ts';
import { DynamoBatchStore } from './batch-store.ts';
import { DynamoJobStore } from './job-store.ts';
import { AwsPayloadStore } from './payload-store.ts';
import { SettingsStore } from './settings-store.ts';

/** What starting jobs takes on AWS: built once per environment by every function that does. */
export const startDeps = <Queue extends JobQueue>(
  db: DynamoDBClient,
  env: { JOBS_TABLE: string; CATALOG_TABLE: string; PAYLOAD_BUCKET: string },
  queue: Queue,
): StartDeps & { queue: Queue } => ({
  jobs: new DynamoJobStore(db, env.JOBS_TABLE),
  payloads: new AwsPayloadStore(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
  batches: new DynamoBatchStore(db, env.JOBS_TABLE),
  audit: new AuditLog(db, env.CATALOG_TABLE),
  settings: new SettingsStore(db, env.CATALOG_TABLE),
  queue,
});
