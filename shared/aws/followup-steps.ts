import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FinishDeps } from '../jobs/finish-job.ts';
import { keepLock } from '../jobs/keep-lock.ts';
import type { Report } from '../jobs/ports.ts';
import { pushTick } from '../jobs/push-tick.ts';
import { restartPerpetual } from '../jobs/restart-perpetual.ts';
import { runHandlers } from '../jobs/schedule-handlers.ts';
import type { StartDeps } from '../jobs/start-job.ts';
import { wipeJob } from '../jobs/wipe-job.ts';
import { deletionDueAt } from '../model/job.ts';
import { errorLine } from '../model/log-line.ts';
import { ScheduleCatalog } from './catalog-schedules.ts';
import { AwsJobRemains } from './job-remains.ts';
import { AwsScriptDirectory } from './script-directory.ts';
import { DynamoScriptLocks } from './script-locks.ts';
import { SettingsStore } from './settings-store.ts';
import { DynamoSlotStore } from './slot-store.ts';

/** How followups are paid on AWS and how long jobs are kept, for every function that ends jobs. */
export const followupDeps = (
  db: DynamoDBClient,
  env: { JOBS_TABLE: string; CATALOG_TABLE: string; PAYLOAD_BUCKET: string },
  start: StartDeps,
): Pick<FinishDeps, 'followups' | 'report' | 'settings'> => {
  const scripts = new AwsScriptDirectory(db, env.CATALOG_TABLE);
  const slots = new DynamoSlotStore(db, env.JOBS_TABLE);
  const locks = new DynamoScriptLocks(db, env.CATALOG_TABLE);
  const schedules = new ScheduleCatalog(db, env.CATALOG_TABLE);
  const deps = { ...start, schedules, directory: scripts };
  const report: Report = (message, error, ids) => console.error(errorLine(message, error, ids));
  const remains = new AwsJobRemains(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET);
  return {
    followups: {
      slot: async ({ workspace, id, concurrency, duration_ms: durationMs = 0 }, now) => {
        if (concurrency !== undefined) await slots.free(workspace, concurrency, { job: id }, { now, durationMs });
      },
      lock: (job) => keepLock({ payloads: start.payloads, locks }, job),
      handlers: (job, now) => runHandlers({ ...deps, report }, job, now),
      tick: async ({ workspace, id, schedule_path: path }, now) => {
        if (path !== undefined) await pushTick(deps, { workspace, path }, now, id);
      },
      restart: (job, now) => restartPerpetual({ ...start, scripts }, job, now),
      wipe: async (job, now) => {
        const dueAt = deletionDueAt(job) ?? now;
        if (dueAt > now) await start.queue.send(job, dueAt, now);
        else await wipeJob({ jobs: start.jobs, remains }, job);
      },
    },
    settings: new SettingsStore(db, env.CATALOG_TABLE),
    report,
  };
};
