import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseJson } from '../../shared/model/json.ts';
import { AwsError } from '../services/aws-error.ts';
import type { StreamRecord, TableStream } from '../services/dynamodb/table-stream.ts';
import type { StreamMappingDefinition } from './definitions.ts';
import { type EventPattern, eventNamesOf, matchesEvent, parsePattern } from './event-pattern.ts';
import { type Invoker, wholeBody } from './invoke-response.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './lambda-config.ts';
import { abandonedBatch, firstFailed, streamEvent } from './stream-event.ts';

export type StreamMappingConfig = {
  source: Pick<TableStream, 'newest' | 'after'>;
  invoker: Invoker;
  /** Where it is written down how far the stream is processed. */
  checkpointFile: string;
  now: () => number;
  /** Sends to the queue of the on-failure destination. */
  send: (queueName: string, body: string) => void;
  /** One line about a batch that went wrong. */
  report?: (line: string) => void;
  /** The first wait before a batch is tried again; it doubles. 500 ms by default. */
  retryMs?: number;
};

/** Lambda looks into a shard of a table's stream four times a second. */
const POLL_MS = 250;
const LONGEST_RETRY_MS = 30_000;
const CLOSE_GRACE_MS = 500;

/** How a try at a batch ended: from which record on it has to come again. */
type Tried = { is: 'done' } | { is: 'failed'; from: number; named: boolean };

/**
 * Feeds a function from a table's stream as Lambda does: in order, one batch at a time, at least once. A batch that fails
 * comes again; it is halved where the template says so, and given up, with a message to the on-failure destination, after
 * its retries or when its records are too old. How far it came survives the process.
 */
export class StreamMapping {
  readonly #mapping: StreamMappingDefinition;
  readonly #config: StreamMappingConfig;
  readonly #patterns: EventPattern[];
  readonly #kinds: StreamRecord['eventName'][];
  readonly #stop = new AbortController();
  #work: Promise<void> | undefined;

  /** Throws for a filter pattern that is not understood. */
  constructor(mapping: StreamMappingDefinition, config: StreamMappingConfig) {
    this.#mapping = mapping;
    this.#config = config;
    this.#patterns = (mapping.filters ?? []).map(parsePattern);
    this.#kinds = eventNamesOf(this.#patterns);
  }

  start(): void {
    this.#work = this.#run().catch((error: unknown) => this.#report(`stopped: ${String(error)}`));
  }

  /** Stops at once, and gives a batch in hand a moment to end. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#work, pause(CLOSE_GRACE_MS, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    let at = this.#checkpoint();
    while (!this.#stop.signal.aborted) {
      const { records, upTo } = this.#config.source.after(at, this.#mapping.batchSize, this.#kinds);
      const batch = records.filter((record) => this.#wants(record));
      if (batch.length > 0) await this.#process(batch);
      if (this.#stop.signal.aborted) return;
      // An idle look writes nothing: what it passed over is passed over again after a restart.
      if (batch.length > 0) this.#remember(upTo);
      at = upTo;
      if (records.length < this.#mapping.batchSize) await this.#sleep(POLL_MS);
    }
  }

  /** Ends when every record was processed or given up, or the mapping is closed. */
  async #process(batch: StreamRecord[]): Promise<void> {
    let rest = batch;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt += 1) {
      const tried = await this.#try(rest);
      if (tried.is === 'done') return;
      if (tried.from > 0) attempt = 0;
      rest = rest.slice(tried.from);
      if (this.#mapping.bisect && rest.length > 1) {
        const cut = tried.named ? 1 : Math.ceil(rest.length / 2);
        await this.#process(rest.slice(0, cut));
        return this.#process(rest.slice(cut));
      }
      if (attempt >= this.#mapping.maximumRetries || this.#isTooOld(rest)) return this.#giveUp(rest, attempt + 1);
      await this.#sleep(Math.min((this.#config.retryMs ?? 500) * 2 ** attempt, LONGEST_RETRY_MS));
    }
  }

  async #try(batch: StreamRecord[]): Promise<Tried> {
    const failed = (from: number, named: boolean): Tried => ({ is: 'failed', from, named });
    try {
      const response = await this.#config.invoker.invoke(this.#mapping.functionName, streamEvent(batch, this.#mapping));
      const { body, failure } = await wholeBody(response, MAX_SYNC_PAYLOAD_BYTES);
      if (failure !== undefined) {
        this.#report(`${failure.errorType}: ${failure.payload.slice(0, 300)}`);
        return failed(0, false);
      }
      const from = this.#mapping.reportBatchItemFailures ? firstFailed(body.toString('utf8'), batch) : undefined;
      return from === undefined ? { is: 'done' } : failed(from.index, from.named);
    } catch (error) {
      if (!(error instanceof AwsError) || error.status !== 429) throw error;
      return failed(0, false);
    }
  }

  #giveUp(batch: StreamRecord[], tries: number): void {
    this.#report(`${batch.length} records were given up after ${tries} tries`);
    const { failureQueueArn } = this.#mapping;
    if (failureQueueArn === undefined) return;
    const body = abandonedBatch(batch, this.#mapping, { tries, now: this.#config.now() });
    this.#config.send(failureQueueArn.split(':').at(-1) ?? '', body);
  }

  #isTooOld([first]: StreamRecord[]): boolean {
    const limit = this.#mapping.maximumAgeSeconds;
    const made = first?.dynamodb.ApproximateCreationDateTime ?? 0;
    return limit !== undefined && Date.now() / 1000 - made > limit;
  }

  #wants(record: StreamRecord): boolean {
    if (this.#patterns.length === 0) return true;
    const event = parseJson(JSON.stringify(record));
    return event.ok && this.#patterns.some((pattern) => matchesEvent(pattern, event.value));
  }

  #checkpoint(): number {
    try {
      return Number(readFileSync(this.#config.checkpointFile, 'utf8'));
    } catch {
      const at = this.#mapping.startingPosition === 'LATEST' ? this.#config.source.newest() : 0;
      this.#remember(at);
      return at;
    }
  }

  #remember(at: number): void {
    const { checkpointFile } = this.#config;
    writeFileSync(`${checkpointFile}.new`, String(at));
    renameSync(`${checkpointFile}.new`, checkpointFile);
  }

  async #sleep(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }

  #report(line: string): void {
    if (this.#stop.signal.aborted) return;
    this.#config.report?.(`${this.#mapping.functionName} on the stream of ${this.#mapping.tableName}: ${line}`);
  }
}
