import type { Job, LogTail } from '../model/job.ts';
import { charCount } from '../model/text.ts';
import { LogMasks } from './log-masks.ts';
import type { LogStore } from './payload-ports.ts';
import type { MaskStore } from './value-ports.ts';

/** Beyond this many characters beside the job, the log's pages move to S3 (Windmill's LARGE_LOG_THRESHOLD_SIZE). */
export const INLINE_CHARS = 9_000;
/** Buffered output that is written at once, whatever the time: bounds memory under fast output. */
const FULL_BUFFER = 512 * 1024;
/** A whole log this short is not written as a page at all: it ends up in the job's own item. */
const TAIL_CHARS = 400;

const LOST = '\n[millrace] the rest of the log could not be stored\n';

/** Milliseconds between two writes of a log's pages, by the age of the attempt: Windmill's own cadence (reference 1.15). */
const logFlushEveryMs = (ageMs: number): number => {
  if (ageMs < 10_000) return 500;
  return ageMs < 60_000 ? 2_500 : 5_000;
};

export type LogDeps = {
  logs: LogStore;
  masks: MaskStore;
  now: () => number;
  /** Milliseconds until text is written, by the age of the attempt; absent: as for a log. */
  flushEveryMs?: (ageMs: number) => number;
};

/**
 * The end of a log. `masks`: the tail is masked for this revision only, so it may be stored only while the job has no
 * later one; undefined: no secret can have been missed.
 */
export type LogEnd = { tail: LogTail | undefined; masks: number | undefined };

/**
 * Collects the log of one attempt and writes it in pages while the job runs. Pages are named by attempt and start, so a
 * repeated write changes nothing. A page that cannot be written is kept and tried again with the next one. Secrets are
 * masked: each page is taken before the masks are read, and what may be half a secret waits for the next. Characters are
 * counted as stored, that is masked.
 */
export class LogWriter {
  /** What the log must not show; errors of the same attempt neither. */
  readonly masks: LogMasks;
  readonly #deps: LogDeps;
  readonly #job: Job;
  readonly #openedAt: number;
  readonly #flushEveryMs: (ageMs: number) => number;
  /** As it came. */
  #buffer: string[] = [];
  #buffered = 0;
  /** Masked and not yet written. */
  #ready = '';
  #start: number;
  /** Pages beside the job that are not yet in S3. */
  #inline: { start: number; text: string }[] = [];
  #inlineChars = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `masks`: where the log goes on that another process began. */
  constructor(deps: LogDeps, job: Job, start: number, masks = new LogMasks(deps.masks, job)) {
    this.#deps = deps;
    this.#job = job;
    this.#start = start;
    this.#openedAt = deps.now();
    this.#flushEveryMs = deps.flushEveryMs ?? logFlushEveryMs;
    this.masks = masks;
  }

  /** Adds text. Resolves at once unless the buffer is full: then when it is written, which is the back-pressure. */
  write(text: string): Promise<void> {
    if (text === '') return Promise.resolve();
    this.#buffer.push(text);
    this.#buffered += text.length;
    if (this.#buffered >= FULL_BUFFER) return this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), this.#flushEveryMs(this.#deps.now() - this.#openedAt));
    return Promise.resolve();
  }

  /** Writes what is buffered; never rejects: a page that fails stays buffered. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#writeNext()).catch(() => undefined);
    return this.#writing;
  }

  /**
   * Writes the rest, or answers it as a tail when it fits the job's own item. A rest that still cannot be written is
   * given up for a notice: a log is not worth a job's result. With `read` the masks are read in any case, which makes the
   * end certain; it may be asked for after an end that was not.
   */
  async end(read: boolean): Promise<LogEnd> {
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#buffered + this.masks.held + this.#ready.length <= TAIL_CHARS) {
      if (!read) return { tail: this.#tail(), masks: this.masks.revision };
      if (await this.#readMasks()) return { tail: this.#tail(), masks: undefined };
    } else if ((await this.#readMasks()) && (await this.#writeRest())) return { tail: this.#tail(), masks: undefined };
    return { tail: { start: this.#start, text: LOST }, masks: undefined };
  }

  /** Forgets what is not written yet. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#buffer = [];
    this.#buffered = 0;
    this.#ready = '';
  }

  /** Writes all there is, where nothing goes with the job's end. What cannot be written is lost; answers whether all was. */
  async close(): Promise<boolean> {
    clearTimeout(this.#timer);
    await this.#writing;
    return (await this.#readMasks()) && (await this.#writeRest());
  }

  #tail(): LogTail | undefined {
    const { text, notice } = this.masks.ending(this.#buffer.join(''));
    const rest = this.#ready + text;
    const whole = notice === '' || rest === '' || rest.endsWith('\n') ? rest + notice : `${rest}\n${notice}`;
    return whole === '' ? undefined : { start: this.#start, text: whole };
  }

  async #readMasks(): Promise<boolean> {
    for (let tries = 1; tries <= 2; tries += 1) {
      try {
        await this.masks.read();
        return true;
      } catch {
        // The second time decides.
      }
    }
    this.masks.giveUp();
    return false;
  }

  /** Everything, what was held back too: after it only the notice is left. */
  async #writeRest(): Promise<boolean> {
    this.#ready += this.masks.end(this.#buffer.join(''));
    this.#buffer = [];
    this.#buffered = 0;
    for (let tries = 1; tries <= 2; tries += 1) {
      try {
        await this.#writePage();
        return true;
      } catch {
        // The second time decides.
      }
    }
    return false;
  }

  async #writeNext(): Promise<void> {
    if (this.#buffered > 0) {
      const parts = this.#buffer.length;
      const text = this.#buffer.join('');
      await this.masks.read();
      this.#ready += this.masks.push(text);
      this.#buffer = this.#buffer.slice(parts);
      this.#buffered -= text.length;
    }
    await this.#writePage();
  }

  async #writePage(): Promise<void> {
    const text = this.#ready;
    if (text === '') return;
    const page = { attempt: this.#job.attempt, start: this.#start, text };
    if (this.#inlineChars + text.length <= INLINE_CHARS) {
      await this.#deps.logs.append(this.#job, page);
      this.#inline.push(page);
      this.#inlineChars += text.length;
    } else {
      const first = this.#inline[0] ?? page;
      const whole = this.#inline.map((inline) => inline.text).join('') + text;
      const covered = this.#inline.slice(1).map((inline) => inline.start);
      await this.#deps.logs.offload(
        this.#job,
        { attempt: this.#job.attempt, start: first.start, text: whole },
        covered,
      );
      this.#inline = [];
      this.#inlineChars = 0;
    }
    this.#start += charCount(text);
    this.#ready = '';
  }
}
