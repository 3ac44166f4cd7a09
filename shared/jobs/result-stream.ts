import type { Job, JobKey } from '../model/job.ts';
import { STREAM_LIMIT_BYTES } from '../model/runner.ts';
import { LogWriter } from './log-writer.ts';
import type { LogPage, LogStore } from './payload-ports.ts';
import type { JobStore } from './ports.ts';
import type { MaskStore } from './value-ports.ts';

export type ResultStreamDeps = {
  jobs: Pick<JobStore, 'markStreaming'>;
  /** Pages of streams. */
  streams: LogStore;
  masks: MaskStore;
  now: () => number;
};

const LOST = '\n[millrace] the rest of the stream could not be stored\n';

/** Somebody reads along, mostly in the first seconds. */
const flushEveryMs = (ageMs: number): number => {
  if (ageMs < 10_000) return 200;
  return ageMs < 60_000 ? 500 : 1_000;
};

/**
 * What one attempt streams: written in pages while the job runs, masked as its log is, and kept for its result. An attempt
 * that streams nothing costs nothing.
 */
export class ResultStream {
  readonly #deps: ResultStreamDeps;
  readonly #job: Job;
  readonly #secrets: string[] = [];
  readonly #pages: StreamPages;
  #writer: LogWriter | undefined;
  #chars = 0;

  constructor(deps: ResultStreamDeps, job: Job) {
    this.#deps = deps;
    this.#job = job;
    this.#pages = new StreamPages(deps, job);
  }

  /** What its worker gave the attempt and the stream must not show. */
  mask(secrets: readonly string[]): void {
    this.#secrets.push(...secrets);
    this.#writer?.masks.add(secrets);
  }

  /** Adds text; resolves as `LogWriter.write`. The runner keeps the limit, and one that does not is not listened to. */
  async write(text: string): Promise<void> {
    const kept = text.slice(0, STREAM_LIMIT_BYTES - this.#chars);
    this.#chars += kept.length;
    this.#writer ??= this.#open();
    await this.#writer.write(kept);
  }

  /** Writes the rest and answers all that was streamed, masked; undefined when nothing was. Never rejects. */
  async end(): Promise<string | undefined> {
    if (this.#writer === undefined || this.#chars === 0) return undefined;
    const stored = await this.#writer.close();
    return stored ? this.#pages.text() : this.#pages.text() + LOST;
  }

  #open(): LogWriter {
    const { masks, now } = this.#deps;
    const writer = new LogWriter({ logs: this.#pages, masks, now, flushEveryMs }, this.#job, 0);
    writer.masks.add(this.#secrets);
    return writer;
  }
}

/**
 * The pages of one attempt, behind those of the attempts before it, so that an offset of theirs is before all of it. The job
 * is marked before the first one is written. Their text is kept, whether they could be stored or not.
 */
class StreamPages implements LogStore {
  readonly #deps: ResultStreamDeps;
  readonly #job: Job;
  readonly #texts = new Map<number, string>();
  #begin: number | undefined;

  constructor(deps: ResultStreamDeps, job: Job) {
    this.#deps = deps;
    this.#job = job;
  }

  text(): string {
    return [...this.#texts.values()].join('');
  }

  async append(key: JobKey, page: LogPage): Promise<void> {
    this.#texts.set(page.start, page.text);
    const begin = await this.#beginning();
    await this.#deps.streams.append(key, { ...page, start: begin + page.start });
  }

  async offload(key: JobKey, page: LogPage, covered: number[]): Promise<void> {
    this.#texts.set(page.start, page.text);
    for (const start of covered) this.#texts.delete(start);
    const begin = await this.#beginning();
    const starts = covered.map((start) => begin + start);
    await this.#deps.streams.offload(key, { ...page, start: begin + page.start }, starts);
  }

  length(key: JobKey): Promise<number> {
    return this.#deps.streams.length(key);
  }

  async #beginning(): Promise<number> {
    if (this.#begin !== undefined) return this.#begin;
    const begin = this.#job.attempt > 1 ? await this.length(this.#job) : 0;
    await this.#deps.jobs.markStreaming(this.#job, this.#job.attempt);
    this.#begin = begin;
    return begin;
  }
}
