import { dynamodb, sqsClient } from '../../shared/aws/clients.ts';
import { followupDeps } from '../../shared/aws/followup-steps.ts';
import { SqsJobQueue } from '../../shared/aws/job-queue.ts';
import { LiveJobs } from '../../shared/aws/live-jobs.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { type ReaperDeps, recoverJobs } from './recover-jobs.ts';

const buildDeps = (variables: Record<string, string | undefined>): ReaperDeps => {
  const env = parseEnv(Env, variables);
  const db = dynamodb();
  const start = startDeps(db, env, new SqsJobQueue(sqsClient(), env.QUEUES));
  return {
    ...start,
    ...followupDeps(db, env, start),
    workers: new DynamoWorkerStore(db, env.JOBS_TABLE),
    live: new LiveJobs(db, { jobs: env.JOBS_TABLE, catalog: env.CATALOG_TABLE }),
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** Runs every minute (the only call while idle), and within it every 4 s while any worker holds a longer job. */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  await recoverJobs(deps, () => context.getRemainingTimeInMillis() - 5_000);
};
