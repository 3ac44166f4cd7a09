import { randomBytes } from 'node:crypto';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { ScheduleCatalog } from '../../shared/aws/catalog-schedules.ts';
import { dynamodb } from '../../shared/aws/clients.ts';
import { JobMessage, type SqsJobQueue } from '../../shared/aws/job-queue.ts';
import { laneDeps } from '../../shared/aws/lane-deps.ts';
import { jobQueueOf } from '../../shared/aws/queue-deps.ts';
import { AwsScriptDirectory } from '../../shared/aws/script-directory.ts';
import { taskDeps } from '../../shared/aws/task-deps.ts';
import { parseEnv } from '../../shared/model/env.ts';
import { parseJson } from '../../shared/model/json.ts';
import { errorLine } from '../../shared/model/log-line.ts';
import { type DispatchDeps, dispatchJob } from './dispatch-job.ts';
import { Env } from './env.ts';

const buildDeps = (variables: Record<string, string | undefined>): DispatchDeps & { queue: SqsJobQueue } => {
  const env = parseEnv(Env, variables);
  const worker = `wk-${env.WORKER_GROUP}-${randomBytes(4).toString('hex')}`;
  const queue = jobQueueOf(env);
  const lane = laneDeps(env, { name: worker, group: env.WORKER_GROUP }, queue);
  return {
    ...lane,
    ...taskDeps(env, { ...lane, queue }),
    queue,
    schedules: new ScheduleCatalog(dynamodb(), env.CATALOG_TABLE),
    directory: new AwsScriptDirectory(dynamodb(), env.CATALOG_TABLE),
    worker,
  };
};

// biome-ignore lint/style/noProcessEnv: the composition root reads the environment, once per cold start
const deps = buildDeps(process.env);

/** A message that no code of ours wrote can never work: thrown, so that it reaches the dead letters and is seen there. */
const handleRecord = async (record: SQSRecord): Promise<void> => {
  const json = parseJson(record.body);
  if (!json.ok) throw new Error('the message is not JSON');
  const delivery = deps.queue.delivery(record.eventSourceARN, record.receiptHandle);
  await dispatchJob(deps, JobMessage.parse(json.value), { ...delivery, id: record.messageId });
};

/** SQS -> claim -> lane -> frames -> completed job. Only the messages that failed come again. */
export const handler = async (event: SQSEvent): Promise<SQSBatchResponse> => {
  const outcomes = await Promise.all(
    event.Records.map(async (record) => {
      try {
        await handleRecord(record);
        return [];
      } catch (error) {
        console.error(errorLine('a message could not be dispatched', error, { messageId: record.messageId }));
        return [{ itemIdentifier: record.messageId }];
      }
    }),
  );
  return { batchItemFailures: outcomes.flat() };
};
