import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { restartPerpetual } from '../jobs/restart-perpetual.ts';
import type { FollowupDeps } from '../jobs/run-followups.ts';
import type { StartDeps } from '../jobs/start-job.ts';
import { errorLine } from '../model/log-line.ts';
import { AwsScriptDirectory } from './script-directory.ts';

/** How followups are paid on AWS, for every function that ends jobs. */
export const followupDeps = (
  db: DynamoDBClient,
  catalog: string,
  start: StartDeps,
): Pick<FollowupDeps, 'followups' | 'report'> => {
  const scripts = new AwsScriptDirectory(db, catalog);
  return {
    followups: {
      slot: async () => undefined,
      handlers: async () => undefined,
      tick: async () => undefined,
      restart: (job, now) => restartPerpetual({ ...start, scripts }, job, now),
      wipe: async () => undefined,
    },
    report: (message, error, ids) => console.error(errorLine(message, error, ids)),
  };
};
