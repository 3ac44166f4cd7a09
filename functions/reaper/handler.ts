import { ScheduleCatalog } from '../../shared/aws/catalog-schedules.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { followupDeps } from '../../shared/aws/followup-steps.ts';
import { LiveJobs } from '../../shared/aws/live-jobs.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { RestampStore } from '../../shared/aws/restamp-store.ts';
import { AwsScriptDirectory } from '../../shared/aws/script-directory.ts';
import { servedTags } from '../../shared/aws/served-tags.ts';
import { SettingsStore } from '../../shared/aws/settings-store.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { type ReaperDeps, recoverJobs } from './recover-jobs.ts';
import { isTimeToRepair, type RepairDeps, repairSchedules } from './repair-schedules.ts';
import { type RestampDeps, restampJobs } from './restamp-jobs.ts';
import { type NewTagDeps, sendNewTags } from './send-new-tags.ts';

const restampDeps = (store: RestampStore, settings: SettingsStore): RestampDeps => ({
  settings: () => settings.fresh(),
  progress: () => store.progress(),
  remember: (progress) => store.remember(progress),
  parts: () => store.parts(),
  page: (part, after) => store.page(part, after),
  stamp: (job, expires) => store.stamp(job, expires),
  now: Date.now,
});

const buildDeps = (
  variables: Record<string, string | undefined>,
): ReaperDeps & RepairDeps & NewTagDeps & { live: LiveJobs; restamp: RestampDeps } => {
  const env = parseEnv(Env, variables);
  const db = dynamodb();
  const start = startDeps(db, env, jobQueueOf(env));
  const schedules = new ScheduleCatalog(db, env.CATALOG_TABLE);
  return {
    ...start,
    ...followupDeps(db, env, start),
    workers: new DynamoWorkerStore(db, env.JOBS_TABLE),
    live: new LiveJobs(db, { jobs: env.JOBS_TABLE, catalog: env.CATALOG_TABLE }),
    restamp: restampDeps(
      new RestampStore(db, { jobs: env.JOBS_TABLE, catalog: env.CATALOG_TABLE }),
      new SettingsStore(db, env.CATALOG_TABLE),
    ),
    served: Object.keys(env.QUEUES),
    servedTags: servedTags(db, env.JOBS_TABLE),
    schedules,
    all: () => schedules.all(),
    directory: new AwsScriptDirectory(db, env.CATALOG_TABLE),
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** A slice of a walk over all jobs ends when the invocation has so much of its minute left. */
const WALK_UNTIL_LEFT_MS = 30_000;

/**
 * Runs every minute (the only call while idle), and within it every 4 s while any worker holds a longer job. Once an hour
 * it looks at the schedules, too.
 */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  const timeIsUp = (): boolean => context.getRemainingTimeInMillis() < WALK_UNTIL_LEFT_MS;
  const report = (message: string) => (error: unknown) => deps.report(message, error, {});
  const walks = Promise.all([
    restampJobs(deps.restamp, timeIsUp).catch(report('jobs could not be restamped')),
    sendNewTags(deps, timeIsUp).catch(report('jobs of new tags could not be sent')),
  ]);
  const now = deps.now();
  if (isTimeToRepair(now)) await repairSchedules(deps, now);
  await recoverJobs(deps, () => context.getRemainingTimeInMillis() - 5_000);
  await walks;
};
