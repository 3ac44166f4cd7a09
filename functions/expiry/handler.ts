import type { DynamoDBBatchResponse } from 'aws-lambda';
import { dynamodb } from '../../shared/aws/clients.ts';
import { S3JobArchive } from '../../shared/aws/job-archive.ts';
import { AwsJobRemains } from '../../shared/aws/job-remains.ts';
import { SettingsStore } from '../../shared/aws/settings-store.ts';
import type { RemoveDeps } from '../../shared/jobs/remove-job.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { errorLine } from '../../shared/model/log-line.ts';
import { Env } from './env.ts';
import { expireJobs } from './expire-jobs.ts';

const buildDeps = (variables: Record<string, string | undefined>): RemoveDeps => {
  const env = parseEnv(Env, variables);
  const db = dynamodb();
  return {
    remains: new AwsJobRemains(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    archive: new S3JobArchive(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    settings: new SettingsStore(db, env.CATALOG_TABLE),
    children: async function* () {},
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** The table's stream of jobs that their time to live removed -> what lay beside them goes too. */
export const handler = (event: unknown): Promise<DynamoDBBatchResponse> =>
  expireJobs(deps, event, Date.now(), (error, ids) =>
    console.error(errorLine('the remains of an expired job could not be removed', error, ids)),
  );
