import type { KeyObject } from 'node:crypto';
import { Beats, type WorkerName } from '../jobs/beats.ts';
import type { JobQueue } from '../jobs/ports.ts';
import type { AttemptDeps } from '../jobs/run-attempt.ts';
import type { StartDeps } from '../jobs/start-job.ts';
import { stillAllowed } from '../jobs/still-allowed.ts';
import type { KeyPurpose } from '../model/key-purpose.ts';
import { Ed25519AttemptTokens, signingKey } from './attempt-tokens.ts';
import { ResourceCatalog } from './catalog-resources.ts';
import { AwsScriptCode, ScriptReads } from './catalog-scripts.ts';
import { TokenCatalog } from './catalog-tokens.ts';
import { VariableCatalog } from './catalog-variables.ts';
import { DynamoChosenLocks } from './chosen-locks.ts';
import { dynamodb } from './clients.ts';
import { followupDeps } from './followup-steps.ts';
import { InstanceStore } from './instance.ts';
import { LambdaLane } from './lambda-lane.ts';
import { AwsLogStore } from './log-store.ts';
import { DynamoMaskStore } from './mask-store.ts';
import { S3PackageArchives } from './package-archives.ts';
import { DynamoResultCache } from './result-cache.ts';
import { RosterReads } from './roster-reads.ts';
import { DynamoScriptLocks } from './script-locks.ts';
import { readScriptsAs } from './script-sources.ts';
import { KmsSecretBox } from './secret-box.ts';
import { DynamoSlotStore } from './slot-store.ts';
import { startDeps } from './start-deps.ts';
import { S3UploadStore } from './upload-store.ts';
import { CatalogValueReads } from './value-reads.ts';
import { DynamoWorkerStore } from './worker-store.ts';

export type LaneEnv = {
  JOBS_TABLE: string;
  CATALOG_TABLE: string;
  PAYLOAD_BUCKET: string;
  PACKAGE_BUCKET: string;
  RUNNER_FUNCTION: string;
  SIGNING_SECRET_ARN: string;
  SECRETS_KEY_ARN: string;
};

/** What running attempts takes on AWS: built once per environment by the two functions that may, `dispatch` and `wait`. */
export const laneDeps = (
  env: LaneEnv,
  worker: WorkerName,
  queue: JobQueue,
): AttemptDeps & StartDeps & { workers: DynamoWorkerStore } => {
  const db = dynamodb();
  const now = Date.now;
  const instance = new InstanceStore(db, env.CATALOG_TABLE);
  const workers = new DynamoWorkerStore(db, env.JOBS_TABLE);
  const users = new TokenCatalog(db, env.CATALOG_TABLE);
  const scripts = new ScriptReads(db, env.CATALOG_TABLE);
  const start = startDeps(db, env, queue);
  const followups = followupDeps(db, env, start);
  const allowed = {
    rosters: new RosterReads(db, env.CATALOG_TABLE),
    isSuperadmin: (email: string) => users.isSuperadmin(email),
    grants: async (workspace: string, path: string) => (await scripts.head(workspace, path))?.extra_perms ?? {},
    customTags: async (at: number) => (await followups.settings.read(at)).custom_tags,
  };
  const box = (purpose: KeyPurpose) =>
    new KmsSecretBox(db, env.CATALOG_TABLE, { keyArn: env.SECRETS_KEY_ARN, purpose, makesKeys: false, now });
  const values = box('secrets');
  return {
    ...start,
    ...followups,
    cache: new DynamoResultCache(db, env.JOBS_TABLE),
    slots: new DynamoSlotStore(db, env.JOBS_TABLE),
    evaluate: async (expression, scope) => (await import('../expressions/quickjs.ts')).evaluate(expression, scope),
    masks: new DynamoMaskStore(db, env.JOBS_TABLE, box('masks')),
    values: new CatalogValueReads({
      variables: new VariableCatalog(db, env.CATALOG_TABLE),
      resources: new ResourceCatalog(db, env.CATALOG_TABLE),
      box: values,
      now,
    }),
    valueBox: values,
    logs: new AwsLogStore(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    streams: new AwsLogStore(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET, 'stream'),
    uploads: new S3UploadStore(env.PAYLOAD_BUCKET),
    scripts: new AwsScriptCode(db, env.CATALOG_TABLE),
    locks: new DynamoScriptLocks(db, env.CATALOG_TABLE),
    chosenLocks: new DynamoChosenLocks(db, env.JOBS_TABLE),
    archives: new S3PackageArchives(env.PACKAGE_BUCKET, now),
    readPython: (standing) => readScriptsAs(scripts, standing, 'python3'),
    readTypescript: (standing) => readScriptsAs(scripts, standing, 'bun'),
    tokens: new Ed25519AttemptTokens(signingKeyOf(env.SIGNING_SECRET_ARN)),
    stillAllowed: (job, at) => stillAllowed(allowed, job, at),
    lane: new LambdaLane(env.RUNNER_FUNCTION),
    beats: new Beats(workers, worker, now),
    baseUrl: async () => (await instance.read(now())).base_url,
    workers,
    now,
    random: Math.random,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
};

/** The signing key, read once per environment; a failed read is tried again by the next job. */
const signingKeyOf = (arn: string): (() => Promise<KeyObject>) => {
  let key: Promise<KeyObject> | undefined;
  return () => {
    key ??= import('./secrets.ts').then(async ({ secretText }) => signingKey(await secretText(arn)));
    key.catch(() => {
      key = undefined;
    });
    return key;
  };
};
