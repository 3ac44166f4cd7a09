import { setTimeout as pause } from 'node:timers/promises';
import { AwsError } from '../services/aws-error.ts';
import type { PollRecord, QueueMappingDefinition, QueueMessage, QueueSource } from './definitions.ts';
import { type EventPattern, matchesMessage, parsePattern } from './event-pattern.ts';
import { type InvokeResponse, type Invoker, wholeBody } from './invoke-response.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './lambda-config.ts';
import { failedMessages, queueEvent } from './queue-event.ts';

export type QueueMappingConfig = {
  source: QueueSource;
  invoker: Invoker;
  /** Upper bound on invocations at once, whatever the template allows: the workers of this machine. */
  localConcurrency: number;
  meter: (record: PollRecord) => void;
  /** One line about a batch that went wrong. */
  report?: (line: string) => void;
  /** How long a throttled batch is tried again before its messages go back to the queue; 5 s by default. */
  throttlePatienceMs?: number;
};

/** Lambda starts with so many pollers on a queue. */
const BASE_POLLERS = 5;
const LONG_POLL_MS = 20_000;
/** An additional poller leaves when the queue stays empty for so long. */
const EXTRA_POLL_MS = 1000;
const AFTER_FAILURE_MS = 1000;
const MAX_RECEIVE = 10;
const CLOSE_GRACE_MS = 500;

/**
 * Feeds a function from an SQS queue as Lambda's pollers do: long polls side by side, one batch each at a time, more
 * of them while there is a backlog. What a function did not process stays invisible until its visibility runs out.
 */
export class QueueMapping {
  readonly #mapping: QueueMappingDefinition;
  readonly #config: QueueMappingConfig;
  readonly #patterns: EventPattern[];
  readonly #limit: number;
  readonly #stop = new AbortController();
  readonly #pollers = new Set<Promise<void>>();
  readonly #inHand = new Set<QueueMessage>();
  #polling = 0;
  #throttles = 0;

  /** Throws for a filter pattern that is not understood. */
  constructor(mapping: QueueMappingDefinition, config: QueueMappingConfig) {
    this.#mapping = mapping;
    this.#config = config;
    this.#patterns = (mapping.filters ?? []).map(parsePattern);
    this.#limit = Math.min(mapping.maximumConcurrency ?? config.localConcurrency, config.localConcurrency);
  }

  start(): void {
    const base = Math.min(BASE_POLLERS, this.#limit);
    while (this.#pollers.size < base) this.#addPoller(true);
  }

  /**
   * The clock went on by `ms`. An invocation that runs keeps the time that it began with, so what it holds stays hidden for
   * as long as it would have.
   */
  onAdvance(ms: number): void {
    for (const { receiptHandle } of this.#inHand)
      this.#config.source.hideLonger(this.#mapping.queueName, receiptHandle, ms);
  }

  /** Stops polling at once, and gives batches in hand a moment to end. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.race([Promise.allSettled(this.#pollers), pause(CLOSE_GRACE_MS, undefined, { ref: false })]);
  }

  #addPoller(permanent: boolean): void {
    const poller = this.#poll(permanent)
      .catch((error: unknown) => this.#report(`stopped polling: ${String(error)}`))
      .finally(() => this.#pollers.delete(poller));
    this.#pollers.add(poller);
  }

  async #poll(permanent: boolean): Promise<void> {
    const { queueName, batchSize } = this.#mapping;
    const { signal } = this.#stop;
    const waitMs = permanent ? LONG_POLL_MS : EXTRA_POLL_MS;
    while (!signal.aborted) {
      this.#polling += 1;
      const messages = await this.#config.source
        .receive(queueName, { max: Math.min(batchSize, MAX_RECEIVE), waitMs, signal })
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          this.#polling -= 1;
        });
      if (messages === undefined) continue;
      if (signal.aborted && messages.length === 0) return;
      this.#config.meter({ queueName, operation: 'ReceiveMessage', messages: messages.length });
      if (messages.length === 0 && !permanent) return;
      if (messages.length === 0) continue;
      if (this.#polling === 0 && this.#pollers.size < this.#limit) this.#addPoller(false);
      for (const message of messages) this.#inHand.add(message);
      await this.#handle(messages).catch((error: unknown) => this.#report(String(error)));
      for (const message of messages) this.#inHand.delete(message);
    }
  }

  /** A queue that cannot be read (its disk is full) may be readable again: a poller never ends by that. */
  async #failed(error: unknown): Promise<undefined> {
    this.#report(`could not receive: ${String(error)}`);
    await pause(AFTER_FAILURE_MS, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }

  async #handle(received: QueueMessage[]): Promise<void> {
    const batch = received.filter((message) => this.#wants(message));
    if (batch.length < received.length) this.#delete(received.filter((message) => !batch.includes(message)));
    if (batch.length === 0) return;
    const response = await this.#invoke(batch);
    if (response === undefined) return;
    const { body, failure } = await wholeBody(response, MAX_SYNC_PAYLOAD_BYTES);
    if (failure !== undefined) {
      this.#report(`${failure.errorType}: ${failure.payload.slice(0, 300)}`);
      return;
    }
    const failed = this.#mapping.reportBatchItemFailures
      ? failedMessages(body.toString('utf8'), batch)
      : new Set<string>();
    this.#delete(batch.filter(({ messageId }) => !failed.has(messageId)));
  }

  /** A throttled batch is tried again for a while, then given back with a growing delay. */
  async #invoke(batch: QueueMessage[]): Promise<InvokeResponse | undefined> {
    const deadline = performance.now() + (this.#config.throttlePatienceMs ?? 5000);
    const payload = queueEvent(batch, this.#mapping);
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      try {
        const response = await this.#config.invoker.invoke(this.#mapping.functionName, payload);
        this.#throttles = 0;
        return response;
      } catch (error) {
        if (!(error instanceof AwsError) || error.status !== 429) throw error;
      }
      if (performance.now() + waitMs > deadline) break;
      await pause(waitMs, undefined, { signal: this.#stop.signal });
    }
    this.#throttles += 1;
    this.#giveBack(batch, Math.min(2 ** this.#throttles, 60));
    return undefined;
  }

  #wants(message: QueueMessage): boolean {
    return this.#patterns.length === 0 || this.#patterns.some((pattern) => matchesMessage(pattern, message));
  }

  #delete(messages: QueueMessage[]): void {
    if (messages.length === 0) return;
    const { queueName } = this.#mapping;
    for (const { receiptHandle } of messages) this.#config.source.delete(queueName, receiptHandle);
    this.#config.meter({ queueName, operation: 'DeleteMessageBatch', messages: messages.length });
  }

  #giveBack(messages: QueueMessage[], seconds: number): void {
    const { queueName } = this.#mapping;
    for (const { receiptHandle } of messages) this.#config.source.changeVisibility(queueName, receiptHandle, seconds);
    this.#config.meter({ queueName, operation: 'ChangeMessageVisibilityBatch', messages: messages.length });
  }

  #report(line: string): void {
    if (!this.#stop.signal.aborted)
      this.#config.report?.(`${this.#mapping.functionName} on ${this.#mapping.queueName}: ${line}`);
  }
}
