import type { JobKey, LogTail } from '../model/job.ts';
import { charCount } from '../model/text.ts';
import type { LogStore } from './ports.ts';

/** Beyond this many characters beside the job, the log's pages move to S3 (Windmill's LARGE_LOG_THRESHOLD_SIZE). */
const INLINE_CHARS = 9_000;
/** Buffered output that is written at once, whatever the time: bounds memory under fast output. */
const FULL_BUFFER = 512 * 1024;
/** A whole log this short is not written as a page at all: it ends up in the job's own item. */
const TAIL_CHARS = 400;

/** Milliseconds between two writes of a log's pages, by the age of the attempt: Windmill's own cadence (reference 1.15). */
const flushEveryMs = (ageMs: number): number => {
  if (ageMs < 10_000) return 500;
  return ageMs < 60_000 ? 2_500 : 5_000;
};

/**
 * Collects the log of one attempt and writes it in pages while the job runs. Pages are named by attempt and start, so a
 * repeated write changes nothing. A page that cannot be written is kept and tried again with the next one.
 */
export class LogWriter {
  readonly #store: LogStore;
  readonly #key: JobKey;
  readonly #attempt: number;
  readonly #now: () => number;
  readonly #openedAt: number;
  #buffer: string[] = [];
  #buffered = 0;
  #start: number;
  /** Pages beside the job that are not yet in S3. */
  #inline: { start: number; text: string }[] = [];
  #inlineChars = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(store: LogStore, key: JobKey, attempt: number, start: number, now: () => number) {
    this.#store = store;
    this.#key = key;
    this.#attempt = attempt;
    this.#start = start;
    this.#now = now;
    this.#openedAt = now();
  }

  /** Adds text. Resolves at once unless the buffer is full: then when it is written, which is the back-pressure. */
  write(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    this.#buffer.push(text);
    this.#buffered += text.length;
    if (this.#buffered >= FULL_BUFFER) return this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), flushEveryMs(this.#now() - this.#openedAt));
    return Promise.resolve();
  }

  /** Writes what is buffered; never rejects: a page that fails stays buffered. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writePage()).catch(() => undefined);
    return this.#writing;
  }

  /**
   * Writes the rest and answers it as a tail when it fits the job's own item. A rest that still cannot be written is
   * given up for a notice: a log is not worth a job's result.
   */
  async end(): Promise<LogTail | undefined> {
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#buffered <= TAIL_CHARS) return this.#takeTail();
    await this.flush();
    if (this.#buffered > 0) await this.flush();
    if (this.#buffered > 0) this.#replaceBuffer('\n[millrace] the rest of the log could not be stored\n');
    return this.#takeTail();
  }

  #takeTail(): LogTail | undefined {
    const text = this.#buffer.join('');
    return text === '' ? undefined : { start: this.#start, text };
  }

  #replaceBuffer(text: string): void {
    this.#buffer = [text];
    this.#buffered = text.length;
  }

  async #writePage(): Promise<void> {
    if (this.#buffered === 0) return;
    const parts = this.#buffer.length;
    const text = this.#buffer.join('');
    const page = { attempt: this.#attempt, start: this.#start, text };
    if (this.#inlineChars + text.length <= INLINE_CHARS) {
      await this.#store.append(this.#key, page);
      this.#inline.push(page);
      this.#inlineChars += text.length;
    } else {
      const first = this.#inline[0] ?? page;
      const whole = this.#inline.map((inline) => inline.text).join('') + text;
      const covered = this.#inline.slice(1).map((inline) => inline.start);
      await this.#store.offload(this.#key, { attempt: this.#attempt, start: first.start, text: whole }, covered);
      this.#inline = [];
      this.#inlineChars = 0;
    }
    this.#start += charCount(text);
    this.#buffer = this.#buffer.slice(parts);
    this.#buffered -= text.length;
  }
}
