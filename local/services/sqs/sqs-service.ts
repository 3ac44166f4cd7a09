import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { notBuilt } from '../aws-error.ts';
import { jsonAnswer, jsonBody, parseInput, targetOf } from '../json-call.ts';
import type { Answer, Call, Permission, Service } from '../service.ts';
import * as inputs from './inputs.ts';
import { checkBatch } from './message-limits.ts';
import { queueAttributes } from './queue-attributes.ts';
import {
  type QueueDefinition,
  Queues,
  type QueuesConfig,
  type ReceivedMessage,
  type ReceiveOptions,
} from './queues.ts';
import { digests, eachEntry, onWire, pick } from './wire-shapes.ts';

const Operation = z.enum([
  'SendMessage',
  'SendMessageBatch',
  'ReceiveMessage',
  'DeleteMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
  'GetQueueAttributes',
  'GetQueueUrl',
  'PurgeQueue',
  'ListQueues',
  'ListDeadLetterSourceQueues',
  'StartMessageMoveTask',
]);
type Operation = z.infer<typeof Operation>;

const input = <T extends z.ZodType>(schema: T, call: Call): z.output<T> =>
  parseInput(schema, jsonBody(call), 'InvalidParameterValue');

const queueName = (url: string): string => new URL(url, 'http://queue').pathname.split('/').at(-1) ?? '';
const nameInArn = (arn: string): string => arn.split(':').at(-1) ?? '';

/** SQS standard queues over the JSON protocol, and in process for event source pollers. */
export class SqsService implements Service {
  readonly #queues: Queues;

  constructor(config: QueuesConfig) {
    this.#queues = new Queues(config);
  }

  /** Idempotent: a queue that exists keeps its messages and takes the new settings. */
  createQueue(definition: QueueDefinition): { url: string; arn: string } {
    return this.#queues.create(definition);
  }

  /** In process: long poll that wakes at once. See {@link Queues.receive}. */
  receive(queue: string, options: ReceiveOptions): Promise<ReceivedMessage[]> {
    return this.#queues.receive(queue, options);
  }

  /** In process: deletes a received message. */
  delete(queue: string, receiptHandle: string): void {
    this.#queues.delete(queue, receiptHandle);
  }

  /** In process: hides a received message for that many seconds; 0 gives it back at once. */
  changeVisibility(queue: string, receiptHandle: string, seconds: number): void {
    this.#queues.changeVisibility(queue, receiptHandle, seconds);
  }

  /** In process: adds to the time for which a received message is hidden. */
  hideLonger(queue: string, receiptHandle: string, ms: number): void {
    this.#queues.hideLonger(queue, receiptHandle, ms);
  }

  /** In process: sends one message, as EventBridge Scheduler or a failed asynchronous invocation does. */
  send(queue: string, message: { body: string; messageGroupId?: string; attributes?: inputs.MessageAttributes }): void {
    const outgoing = {
      MessageBody: message.body,
      MessageAttributes: message.attributes ?? {},
      MessageSystemAttributes: {},
    };
    this.#queues.send(queue, [
      message.messageGroupId === undefined ? outgoing : { ...outgoing, MessageGroupId: message.messageGroupId },
    ]);
  }

  /** In process: what is in flight is delivered once more, as SQS may at any time. */
  redeliver(): void {
    this.#queues.redeliver();
  }

  /** In process: the clock was moved, so waiting polls look again. */
  wake(): void {
    this.#queues.wake();
  }

  /** In process: the names of all queues. */
  names(): string[] {
    return this.#queues.names();
  }

  /** How many messages wait, are delayed, and are in flight. */
  counts(queue: string): { visible: number; delayed: number; inFlight: number } {
    return this.#queues.counts(queue);
  }

  operation(call: Call): Operation {
    const operation = Operation.safeParse(targetOf(call));
    if (operation.success) return operation.data;
    throw notBuilt('SQS', targetOf(call));
  }

  permissions(call: Call): Permission[] {
    const operation = this.operation(call);
    switch (operation) {
      case 'ListQueues':
        return [{ action: 'sqs:ListQueues', resource: '*' }];
      case 'GetQueueUrl':
        return [{ action: 'sqs:GetQueueUrl', resource: this.#queues.arn(input(inputs.GetQueueUrl, call).QueueName) }];
      case 'StartMessageMoveTask':
        return [{ action: 'sqs:StartMessageMoveTask', resource: input(inputs.StartMessageMoveTask, call).SourceArn }];
      default: {
        const resource = this.#queues.arn(queueName(input(inputs.OnQueue, call).QueueUrl));
        return [{ action: `sqs:${operation.replace(/Batch$/, '')}`, resource }];
      }
    }
  }

  async answer(call: Call): Promise<Answer> {
    return jsonAnswer('1.0', await this.#act(this.operation(call), call));
  }

  async close(): Promise<void> {
    this.#queues.close();
  }

  async #act(operation: Operation, call: Call): Promise<object> {
    switch (operation) {
      case 'SendMessage':
        return this.#send(input(inputs.SendMessage, call));
      case 'SendMessageBatch':
        return this.#sendBatch(input(inputs.SendMessageBatch, call));
      case 'ReceiveMessage':
        return await this.#receive(input(inputs.ReceiveMessage, call));
      case 'DeleteMessage':
      case 'DeleteMessageBatch':
        return this.#delete(operation, call);
      case 'ChangeMessageVisibility':
      case 'ChangeMessageVisibilityBatch':
        return this.#changeVisibility(operation, call);
      default:
        return this.#manage(operation, call);
    }
  }

  #manage(
    operation: Extract<
      Operation,
      'GetQueueAttributes' | 'GetQueueUrl' | 'PurgeQueue' | `List${string}` | 'StartMessageMoveTask'
    >,
    call: Call,
  ): object {
    switch (operation) {
      case 'GetQueueAttributes': {
        const request = input(inputs.GetQueueAttributes, call);
        return { Attributes: pick(queueAttributes(this.#queues, queueName(request.QueueUrl)), request.AttributeNames) };
      }
      case 'GetQueueUrl': {
        const { QueueName } = input(inputs.GetQueueUrl, call);
        this.#queues.definition(QueueName);
        return { QueueUrl: this.#queues.url(QueueName) };
      }
      case 'PurgeQueue':
        this.#queues.purge(queueName(input(inputs.OnQueue, call).QueueUrl));
        return {};
      case 'ListQueues': {
        const { QueueNamePrefix } = input(inputs.ListQueues, call);
        return { QueueUrls: this.#urls((name) => name.startsWith(QueueNamePrefix)) };
      }
      case 'ListDeadLetterSourceQueues': {
        const dead = this.#queues.arn(queueName(input(inputs.OnQueue, call).QueueUrl));
        return { queueUrls: this.#urls((name) => this.#queues.definition(name).redrive?.deadLetterArn === dead) };
      }
      case 'StartMessageMoveTask': {
        const { SourceArn, DestinationArn } = input(inputs.StartMessageMoveTask, call);
        this.#queues.moveBack(
          nameInArn(SourceArn),
          DestinationArn === undefined ? undefined : nameInArn(DestinationArn),
        );
        return { TaskHandle: randomUUID() };
      }
    }
  }

  #urls(keep: (name: string) => boolean): string[] {
    return this.#queues
      .names()
      .filter(keep)
      .map((name) => this.#queues.url(name));
  }

  #send(request: z.infer<typeof inputs.SendMessage>): object {
    const [sent] = this.#queues.send(queueName(request.QueueUrl), [request]);
    return { MessageId: sent?.messageId, ...digests(request) };
  }

  #sendBatch({ QueueUrl, Entries }: z.infer<typeof inputs.SendMessageBatch>): object {
    checkBatch(Entries, Entries);
    return eachEntry(Entries, (entry) => {
      const [sent] = this.#queues.send(queueName(QueueUrl), [entry]);
      return { MessageId: sent?.messageId, ...digests(entry) };
    });
  }

  async #receive(request: z.infer<typeof inputs.ReceiveMessage>): Promise<object> {
    const name = queueName(request.QueueUrl);
    const waitSeconds = request.WaitTimeSeconds ?? this.#queues.definition(name).receiveWaitSeconds;
    const messages = await this.#queues.receive(name, {
      max: request.MaxNumberOfMessages,
      waitMs: waitSeconds * 1000,
      ...(request.VisibilityTimeout === undefined ? {} : { visibilityTimeoutSeconds: request.VisibilityTimeout }),
    });
    return messages.length === 0 ? {} : { Messages: messages.map((message) => onWire(message, request)) };
  }

  #delete(operation: 'DeleteMessage' | 'DeleteMessageBatch', call: Call): object {
    if (operation === 'DeleteMessage') {
      const request = input(inputs.DeleteMessage, call);
      this.#queues.delete(queueName(request.QueueUrl), request.ReceiptHandle);
      return {};
    }
    const request = input(inputs.DeleteMessageBatch, call);
    return eachEntry(request.Entries, (entry) => {
      this.#queues.delete(queueName(request.QueueUrl), entry.ReceiptHandle);
      return {};
    });
  }

  #changeVisibility(operation: 'ChangeMessageVisibility' | 'ChangeMessageVisibilityBatch', call: Call): object {
    if (operation === 'ChangeMessageVisibility') {
      const request = input(inputs.ChangeMessageVisibility, call);
      this.#queues.changeVisibility(queueName(request.QueueUrl), request.ReceiptHandle, request.VisibilityTimeout);
      return {};
    }
    const request = input(inputs.ChangeMessageVisibilityBatch, call);
    return eachEntry(request.Entries, (entry) => {
      this.#queues.changeVisibility(queueName(request.QueueUrl), entry.ReceiptHandle, entry.VisibilityTimeout);
      return {};
    });
  }
}
