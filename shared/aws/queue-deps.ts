import { sqsClient } from './clients.ts';
import { type Queues, SqsJobQueue } from './job-queue.ts';
import { SchedulerLateSender } from './late-sender.ts';

export type QueueEnv = {
  QUEUES: Queues;
  SCHEDULE_GROUP: string;
  SCHEDULE_ROLE_ARN: string;
  SCHEDULE_DEAD_LETTER_ARN: string;
};

/** The queues of the tags, for a function that may make jobs due far ahead. */
export const jobQueueOf = (env: QueueEnv): SqsJobQueue =>
  new SqsJobQueue(
    sqsClient(),
    env.QUEUES,
    new SchedulerLateSender({
      group: env.SCHEDULE_GROUP,
      roleArn: env.SCHEDULE_ROLE_ARN,
      deadLetterArn: env.SCHEDULE_DEAD_LETTER_ARN,
    }),
  );
