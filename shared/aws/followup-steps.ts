import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FinishDeps } from '../jobs/finish-job.ts';
import { restartPerpetual } from '../jobs/restart-perpetual.ts';
import type { StartDeps } from '../jobs/start-job.ts';
import { errorLine } from '../model/log-line.ts';
import { AwsScriptDirectory } from './script-directory.ts';
import { SettingsStore } from './settings-store.ts';

/** How followups are paid on AWS and how long jobs are kept, for every function that ends jobs. */
export const followupDeps = (
  db: DynamoDBClient,
  catalog: string,
  start: StartDeps,
): Pick<FinishDeps, 'followups' | 'report' | 'settings'> => {
  const scripts = new AwsScriptDirectory(db, catalog);
  return {
    followups: {
      slot: async () => undefined,
      handlers: async () => undefined,
      tick: async () => undefined,
      restart: (job, now) => restartPerpetual({ ...start, scripts }, job, now),
      wipe: async () => undefined,
    },
    settings: new SettingsStore(db, catalog),
    report: (message, error, ids) => console.error(errorLine(message, error, ids)),
  };
};
