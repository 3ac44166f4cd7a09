import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { dynamodb } from '../../shared/aws/clients.ts';
import { followupDeps } from '../../shared/aws/followup-steps.ts';
import { JobMessage } from '../../shared/aws/job-queue.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { startDeps } from '../../shared/aws/start-deps.ts';
import { DynamoWorkerStore } from '../../shared/aws/worker-store.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { parseJson } from '../../shared/model/json.ts';
import { errorLine } from '../../shared/model/log-line.ts';
import { Env } from './env.ts';
import { type DeadLetterDeps, reviveJob } from './revive-job.ts';

const buildDeps = (variables: Record<string, string | undefined>): DeadLetterDeps => {
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

/** DLQ -> the job is sent again or failed. A message that is no job's is logged and dropped: nothing can come of it. */
export const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const record of event.Records) {
    const json = parseJson(record.body);
    const message = json.ok ? JobMessage.safeParse(json.value) : undefined;
    if (message?.data === undefined) {
      console.error(
        errorLine('a dead letter is no job message', new Error('dropped'), { messageId: record.messageId }),
      );
      continue;
    }
    try {
      await reviveJob(deps, message.data, record.messageId);
    } catch (error) {
      console.error(errorLine('a dead letter could not be handled', error, { job: message.data.id }));
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
};
