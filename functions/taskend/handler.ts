import { dynamodb } from '../../shared/aws/clients.ts';
import { followupDeps } from '../../shared/aws/followup-steps.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { endTask, StoppedTask, type TaskEndDeps } from './end-task.ts';
import { Env } from './env.ts';

const buildDeps = (variables: Record<string, string | undefined>): TaskEndDeps => {
  const env = parseEnv(Env, variables);
  const db = dynamodb();
  const start = startDeps(db, env, jobQueueOf(env));
  return {
    ...start,
    ...followupDeps(db, env, start),
    workers: new DynamoWorkerStore(db, env.JOBS_TABLE),
    now: Date.now,
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** ECS -> EventBridge -> the job of a task that stopped is ended or brought back. */
export const handler = async (event: unknown): Promise<void> => endTask(deps, StoppedTask.parse(event));
