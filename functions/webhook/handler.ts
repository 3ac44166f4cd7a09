import { cachedTokens } from '../../shared/access/cached-tokens.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { callerStores } from '../../shared/aws/http-deps.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { AwsScriptDirectory } from '../../shared/aws/script-directory.ts';
import { SettingsStore } from '../../shared/aws/settings-store.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoUploadPromises } from '../../shared/aws/upload-promises.ts';
import { S3UploadStore } from '../../shared/aws/upload-store.ts';
import { httpHandler } from '../../shared/http/handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { webhookRoutes } from './routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const start = startDeps(db, env, jobQueueOf(env));
const callers = callerStores(db, env.CATALOG_TABLE, start.jobs);
/** HTTP run endpoints -> a queued job: the hot path. */
export const handler = httpHandler({
  deps: { ...callers, tokens: cachedTokens(callers.tokens), now: Date.now },
  routes: webhookRoutes({
    ...start,
    uploads: new S3UploadStore(env.PAYLOAD_BUCKET),
    promises: new DynamoUploadPromises(db, env.JOBS_TABLE),
    scripts: new AwsScriptDirectory(db, env.CATALOG_TABLE),
    settings: new SettingsStore(db, env.CATALOG_TABLE),
  }),
  originSecrets: env.ORIGIN_SECRETS,
});
