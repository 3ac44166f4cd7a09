import { AwsAttemptVerifier } from '../../shared/aws/attempt-verifier.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { InstanceStore } from '../../shared/aws/instance.ts';
import { DynamoJobStore } from '../../shared/aws/job-store.ts';
import { S3PackageArchives } from '../../shared/aws/package-archives.ts';
import { S3UploadStore } from '../../shared/aws/upload-store.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { framesRoutes } from './routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const jobs = new DynamoJobStore(db, env.JOBS_TABLE);

/** The HTTP side of running jobs: their runners ask here whether to go on, and where large results and packages go. */
export const handler = httpHandler({
  deps: {
    // Attempts carry signed tokens; nobody else has business here.
    tokens: { find: async () => undefined },
    attempts: new AwsAttemptVerifier(new InstanceStore(db, env.CATALOG_TABLE), jobs, {
      isSuperadmin: async () => false,
    }),
    rosters: { read: async () => undefined },
    now: Date.now,
  },
  routes: framesRoutes({
    jobs,
    uploads: new S3UploadStore(env.PAYLOAD_BUCKET),
    packages: new S3PackageArchives(env.PACKAGE_BUCKET, Date.now),
  }),
  originSecrets: env.ORIGIN_SECRETS,
});
