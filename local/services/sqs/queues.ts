import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Place } from '../service.ts';
import { Bell } from './bell.ts';
import { MessageAttributes, type Outgoing } from './inputs.ts';
import { bodyDigest } from './message-digest.ts';
import { checkMessage } from './message-limits.ts';
import { MessageStore, type NewMessage, type Redrive, type StoredMessage } from './message-store.ts';
import { readReceipt, writeReceipt } from './receipt.ts';

/** A standard queue as the template states it. */
export type QueueDefinition = {
  name: string;
  visibilityTimeoutSeconds: number;
  delaySeconds: number;
  retentionSeconds: number;
  receiveWaitSeconds: number;
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
};

/** A message as a consumer gets it; `attributes` are the system attributes, as text, all of them. */
export type ReceivedMessage = {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  attributes: Record<string, string>;
  messageAttributes: MessageAttributes;
};

export type ReceiveOptions = { max: number; waitMs: number; visibilityTimeoutSeconds?: number; signal?: AbortSignal };

export type QueuesConfig = {
  /** An existing or new SQLite file for the messages. */
  file: string;
  place: Place;
  /** Scheme, host and port that queue URLs begin with: the SDKs send to that host, whatever their own endpoint. */
  endpoint: string;
  now: () => number;
};

type Queue = { definition: QueueDefinition; bell: Bell; forgotAt: number };

const FORGET_EVERY_MS = 60_000;

/** The queues themselves: what SQS does with messages, for the wire handler and the in-process event source pollers alike. */
export class Queues {
  readonly #config: QueuesConfig;
  readonly #store: MessageStore;
  readonly #queues = new Map<string, Queue>();
  #closed = false;

  constructor(config: QueuesConfig) {
    this.#config = config;
    this.#store = new MessageStore(config.file);
  }

  /** Defines a queue or changes its settings; its messages of an earlier start are still there. */
  create(definition: QueueDefinition): { url: string; arn: string } {
    const { name } = definition;
    if (name.endsWith('.fifo'))
      throw new AwsError('NotImplemented', 501, 'FIFO queues are not built in the local cloud');
    this.#queues.set(name, { definition, bell: this.#queues.get(name)?.bell ?? new Bell(), forgotAt: 0 });
    return { url: this.url(name), arn: this.arn(name) };
  }

  arn(name: string): string {
    return `arn:aws:sqs:${this.#config.place.region}:${this.#config.place.accountId}:${name}`;
  }

  url(name: string): string {
    return `${this.#config.endpoint}/${this.#config.place.accountId}/${name}`;
  }

  names(): string[] {
    return [...this.#queues.keys()];
  }

  definition(name: string): QueueDefinition {
    return this.#queue(name).definition;
  }

  /** All are stored or none; delays are counted from now. Answers each message's id. */
  send(name: string, outgoing: readonly Outgoing[]): { messageId: string }[] {
    const { definition, bell } = this.#queue(name);
    for (const message of outgoing) checkMessage(message);
    const messages = outgoing.map((message) => this.#stored(definition, message));
    const [first, ...others] = messages;
    if (first !== undefined && others.length === 0) this.#store.add(first);
    else this.#store.addAll(messages);
    for (const _ of messages) bell.ring();
    return messages.map(({ messageId }) => ({ messageId }));
  }

  /** Waits up to `waitMs` for a first message; empty when there is none, when `signal` aborts or at close. Never rejects for those. */
  async receive(name: string, options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const { bell } = this.#queue(name);
    const deadline = this.#config.now() + options.waitMs;
    try {
      for (;;) {
        if (this.#closed || options.signal?.aborted === true) return [];
        const messages = this.#take(name, options);
        const now = this.#config.now();
        if (messages.length > 0 || now >= deadline) return messages;
        const next = this.#store.nextVisible(name) ?? deadline;
        await bell.sleep(Math.max(1, Math.min(deadline, next) - now), options.signal);
      }
    } finally {
      bell.ring();
    }
  }

  /** Deletes a received message. A handle older than the newest receive is accepted and does nothing, as on AWS. */
  delete(name: string, receiptHandle: string): void {
    this.#queue(name);
    this.#store.delete(name, readReceipt(name, receiptHandle));
  }

  /** Hides a message in flight for that many seconds from now; 0 gives it back at once. */
  changeVisibility(name: string, receiptHandle: string, seconds: number): void {
    const { bell } = this.#queue(name);
    const message = this.#store.find(name, readReceipt(name, receiptHandle));
    if (message === undefined) {
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw new AwsError(
        'InvalidParameterValue',
        400,
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: ${reason}`,
      );
    }
    if (message.visible_at <= this.#config.now()) {
      throw new AwsError(
        'MessageNotInflight',
        400,
        'The message is not in flight.',
        'AWS.SimpleQueueService.MessageNotInflight',
      );
    }
    this.#store.hide(message.row, this.#config.now() + seconds * 1000);
    bell.ring();
  }

  /** Adds to the time for which a received message is hidden; nothing happens to one that was deleted or received again. */
  hideLonger(name: string, receiptHandle: string, ms: number): void {
    const message = this.#store.find(name, readReceipt(name, receiptHandle));
    if (message !== undefined) this.#store.hide(message.row, message.visible_at + ms);
  }

  /** Every message in flight becomes visible. */
  redeliver(): void {
    this.#store.reveal(this.#config.now());
    this.wake();
  }

  purge(name: string): void {
    this.#queue(name);
    this.#store.purge(name);
  }

  counts(name: string): { visible: number; delayed: number; inFlight: number } {
    this.#queue(name);
    return this.#store.counts(name, this.#config.now());
  }

  /** Sends a dead-letter queue's messages back, as new ones, to `destination` or to the queues they came from. Answers how many. */
  moveBack(name: string, destination: string | undefined): number {
    this.#queue(name);
    const known = (queue: string | undefined) => (queue !== undefined && this.#queues.has(queue) ? queue : undefined);
    const moved = this.#store.revive(name, this.#config.now(), randomUUID, (message) =>
      known(destination ?? message.source?.split(':').at(-1)),
    );
    for (const queue of moved) this.#queue(queue).bell.ring();
    return moved.length;
  }

  /** For a clock that was moved: every waiting receive looks again. */
  wake(): void {
    for (const { bell } of this.#queues.values()) bell.ringAll();
  }

  /** Ends every waiting receive; a second close does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.wake();
    this.#store.close();
  }

  #queue(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue !== undefined) return queue;
    throw new AwsError(
      'QueueDoesNotExist',
      400,
      'The specified queue does not exist.',
      'AWS.SimpleQueueService.NonExistentQueue',
    );
  }

  #stored(definition: QueueDefinition, message: Outgoing): NewMessage {
    const sentAt = this.#config.now();
    return {
      queue: definition.name,
      messageId: randomUUID(),
      body: message.MessageBody,
      attributes: JSON.stringify(message.MessageAttributes),
      trace: message.MessageSystemAttributes.AWSTraceHeader?.StringValue ?? null,
      group: message.MessageGroupId ?? null,
      sentAt,
      visibleAt: sentAt + (message.DelaySeconds ?? definition.delaySeconds) * 1000,
    };
  }

  #take(name: string, options: ReceiveOptions): ReceivedMessage[] {
    const queue = this.#queue(name);
    const now = this.#config.now();
    this.#forget(queue, now);
    const hideUntil = now + (options.visibilityTimeoutSeconds ?? queue.definition.visibilityTimeoutSeconds) * 1000;
    const redrive = this.#redrive(queue.definition);
    for (;;) {
      const { messages, buried } = this.#store.take(name, options.max, now, hideUntil, redrive);
      if (buried > 0 && redrive !== undefined) this.#queues.get(redrive.queue)?.bell.ring();
      if (buried === 0 || messages.length > 0) return messages.map((message) => this.#received(name, message));
    }
  }

  #redrive({ name, redrive }: QueueDefinition): Redrive | undefined {
    const queue = redrive?.deadLetterArn.split(':').at(-1);
    if (redrive === undefined || queue === undefined) return undefined;
    return { queue, maxReceives: redrive.maxReceiveCount, sourceArn: this.arn(name) };
  }

  #forget(queue: Queue, now: number): void {
    if (now - queue.forgotAt < FORGET_EVERY_MS) return;
    queue.forgotAt = now;
    this.#store.forgetSentBefore(queue.definition.name, now - queue.definition.retentionSeconds * 1000);
  }

  #received(name: string, message: StoredMessage): ReceivedMessage {
    return {
      messageId: message.message_id,
      receiptHandle: writeReceipt(name, { row: message.row, receives: message.receives }),
      body: message.body,
      md5OfBody: bodyDigest(message.body),
      messageAttributes: message.attributes === '{}' ? {} : MessageAttributes.parse(JSON.parse(message.attributes)),
      attributes: {
        SenderId: this.#config.place.accountId,
        SentTimestamp: String(message.sent_at),
        ApproximateReceiveCount: String(message.receives),
        ApproximateFirstReceiveTimestamp: String(message.first_received ?? this.#config.now()),
        ...(message.message_group === null ? {} : { MessageGroupId: message.message_group }),
        ...(message.trace === null ? {} : { AWSTraceHeader: message.trace }),
        ...(message.source === null ? {} : { DeadLetterQueueSourceArn: message.source }),
      },
    };
  }
}
