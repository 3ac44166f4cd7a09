import { setTimeout as sleep } from 'node:timers/promises';
import { cachedTokens } from '../../shared/access/cached-tokens.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { callerStores } from '../../shared/aws/http-deps.ts';
import { JobReads } from '../../shared/aws/job-reads.ts';
import { DynamoJobStore } from '../../shared/aws/job-store.ts';
import { LogReads } from '../../shared/aws/log-reads.ts';
import { AwsPayloadStore } from '../../shared/aws/payload-store.ts';
import { streamingHandler } from '../../shared/http/streaming-handler.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { streamRoutes } from './routes.ts';

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const env = parseEnv(Env, process.env);

const db = dynamodb();
const jobs = new DynamoJobStore(db, env.JOBS_TABLE);
const callers = callerStores(db, env.CATALOG_TABLE, jobs);

/** Reads that outlive 30 s or 6 MB: update streams, whole logs, results of any size. */
export const handler = streamingHandler({
  deps: { ...callers, tokens: cachedTokens(callers.tokens), now: Date.now },
  routes: streamRoutes({
    jobs,
    payloads: new AwsPayloadStore(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    logs: new LogReads(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET),
    reads: new JobReads(db, env.JOBS_TABLE),
    now: Date.now,
    wait: async (ms) => {
      await sleep(ms);
    },
  }),
  originSecrets: env.ORIGIN_SECRETS,
});
