import { AwsAttemptVerifier } from '../../shared/aws/attempt-verifier.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { framesDeps } from '../../shared/aws/frames-deps.ts';
import { InstanceStore } from '../../shared/aws/instance.ts';
import { S3PackageArchives } from '../../shared/aws/package-archives.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { framesRoutes } from './routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const deps = framesDeps(db, env);

/**
 * The HTTP side of running jobs: their runners ask here whether to go on, and where large results and packages go. Tasks also get their
 * order here, and say here what becomes of it.
 */
export const handler = httpHandler({
  deps: {
    // Attempts carry signed tokens; nobody else has business here.
    tokens: { find: async () => undefined },
    attempts: new AwsAttemptVerifier(new InstanceStore(db, env.CATALOG_TABLE), deps.jobs, {
      isSuperadmin: async () => false,
    }),
    rosters: { read: async () => undefined },
    now: Date.now,
  },
  routes: framesRoutes({ ...deps, packages: new S3PackageArchives(env.PACKAGE_BUCKET, Date.now) }),
  originSecrets: env.ORIGIN_SECRETS,
});
