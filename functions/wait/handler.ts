import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cachedTokens } from '../../shared/access/cached-tokens.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { callerStores } from '../../shared/aws/http-deps.ts';
import { laneDeps } from '../../shared/aws/lane-deps.ts';
import { LogReads } from '../../shared/aws/log-reads.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { AwsScriptDirectory } from '../../shared/aws/script-directory.ts';
import { DynamoUploadPromises } from '../../shared/aws/upload-promises.ts';
import { streamingHandler } from '../../shared/http/streaming-handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Background } from './background.ts';
import { Env } from './env.ts';
import { waitRoutes } from './routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const worker = `wk-sync-${randomBytes(4).toString('hex')}`;
const background = new Background();
const lane = laneDeps(env, { name: worker, group: 'sync' }, jobQueueOf(env));
const callers = callerStores(db, env.CATALOG_TABLE, lane.jobs);

/** Synchronous runs: the job is made already claimed and its lane is run right here, without a queue hop. */
export const handler = streamingHandler({
  deps: { ...callers, tokens: cachedTokens(callers.tokens), now: Date.now },
  routes: waitRoutes({
    ...lane,
    promises: new DynamoUploadPromises(db, env.JOBS_TABLE),
    directory: new AwsScriptDirectory(db, env.CATALOG_TABLE),
    said: new LogReads(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    worker,
    background,
    wait: async (ms, signal) => {
      await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    },
  }),
  originSecrets: env.ORIGIN_SECRETS,
  afterAnswer: () => background.settled(),
});
