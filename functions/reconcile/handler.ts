import { z } from 'zod';
import { dynamodb } from '../../shared/aws/clients.ts';
import { JobObjects } from '../../shared/aws/job-objects.ts';
import { UpkeepCursor } from '../../shared/aws/upkeep-cursor.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { Env } from './env.ts';
import { type ReconcileDeps, tagOrphans } from './tag-orphans.ts';

const Cursor = z.object({ after: z.string() });

const buildDeps = (variables: Record<string, string | undefined>): ReconcileDeps => {
  const env = parseEnv(Env, variables);
  const db = dynamodb();
  const objects = new JobObjects(db, env.JOBS_TABLE, env.PAYLOAD_BUCKET);
  const cursor = new UpkeepCursor(db, env.JOBS_TABLE, 'reconcile', Cursor);
  return {
    cursor: async () => (await cursor.read())?.after,
    remember: (after) => cursor.write(after === undefined ? undefined : { after }),
    page: (after) => objects.page(after),
    existing: (jobs) => objects.existing(jobs),
    tag: (object) => objects.tagOrphan(object),
    now: Date.now,
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** Once a day, as far as its time goes. */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  await tagOrphans(deps, () => context.getRemainingTimeInMillis() < 30_000);
};
