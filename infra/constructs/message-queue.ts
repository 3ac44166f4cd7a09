import { Duration } from 'aws-cdk-lib';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export type MessageQueueProps = {
  /** At least the timeout of the function that reads the queue; Lambda refuses the mapping otherwise. */
  visibilitySeconds: number;
  /** Where a message goes after the fifth time nobody finished it. Absent for a dead-letter queue itself. */
  deadLetters?: IQueue;
};

/** How often a message is handed out before it counts as dead. */
const MAX_RECEIVES = 5;

/** A standard queue (fair by `MessageGroupId`), encrypted by SQS, TLS only, keeping messages 14 days. */
export class MessageQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: MessageQueueProps) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(props.visibilitySeconds),
      ...(props.deadLetters === undefined
        ? {}
        : { deadLetterQueue: { queue: props.deadLetters, maxReceiveCount: MAX_RECEIVES } }),
    });
  }
}
