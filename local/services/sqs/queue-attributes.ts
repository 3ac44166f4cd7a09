import type { Queues } from './queues.ts';

/** A queue's attributes as GetQueueAttributes spells them; counts are exact here, approximate on AWS. */
export const queueAttributes = (queues: Queues, name: string): Record<string, string> => {
  const definition = queues.definition(name);
  const counts = queues.counts(name);
  return {
    QueueArn: queues.arn(name),
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    VisibilityTimeout: String(definition.visibilityTimeoutSeconds),
    DelaySeconds: String(definition.delaySeconds),
    MessageRetentionPeriod: String(definition.retentionSeconds),
    ReceiveMessageWaitTimeSeconds: String(definition.receiveWaitSeconds),
    MaximumMessageSize: '1048576',
    SqsManagedSseEnabled: 'true',
    ...(definition.redrive === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: definition.redrive.deadLetterArn,
            maxReceiveCount: definition.redrive.maxReceiveCount,
          }),
        }),
  };
};
