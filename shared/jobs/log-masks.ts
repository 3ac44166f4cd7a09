import { type Completion, failed } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { type Json, parseJson } from '../model/json.ts';
import { Masker } from '../model/masking.ts';
import type { MaskStore } from './value-ports.ts';

/**
 * The secrets of one attempt, as far as its worker knows them: those it gave the job itself, and those that the store
 * told. A secret is stored before a job is told it, so text that was there before `read` holds none that is unknown after.
 */
export class LogMasks {
  readonly #store: MaskStore;
  readonly #job: Job;
  readonly #log = new Masker();
  readonly #errors = new Masker();
  #revision: number;
  #unread = false;

  constructor(store: MaskStore, job: Job) {
    this.#store = store;
    this.#job = job;
    this.#revision = job.masks ?? 0;
  }

  /** Up to which addition to the store they are known. */
  get revision(): number {
    return this.#revision;
  }

  /** Characters of the log that are held back, because they may be the beginning of a secret. */
  get held(): number {
    return this.#log.held;
  }

  /** Where `resume` goes on: how many of the held ones are masked already, and whether anything was. */
  get standing(): { covered: number; masked: boolean } {
    return { covered: this.#log.covered, masked: this.#log.masked };
  }

  /** Goes on with a log that another process wrote up to here (`Masker.resume`), and knows none of its secrets yet. */
  resume(standing: LogMasks['standing']): void {
    this.#log.resume(standing);
    this.#revision = 0;
  }

  /** What the attempt is given by its worker. */
  add(secrets: readonly string[]): void {
    this.#log.add(secrets);
    this.#errors.add(secrets);
  }

  async read(): Promise<void> {
    const { texts, revision } = await this.#store.read(this.#job, this.#job.attempt, this.#revision);
    this.add(texts);
    this.#revision = revision;
    this.#unread = false;
  }

  /** They cannot be read at all, though text may need them. */
  giveUp(): void {
    this.#unread = true;
  }

  /** The next of the log that is certain (`Masker.push`). */
  push(text: string): string {
    return this.#log.push(text);
  }

  /** The whole rest of the log. Only the notice is left then. */
  end(text: string): string {
    return this.#log.end(text);
  }

  /** The rest of the log, with a word about it when something of it was masked. May be asked again. */
  ending(text: string): { text: string; notice: string } {
    const { text: rest, masked } = this.#log.ending(text);
    return { text: rest, notice: masked ? '[millrace] secret values were masked in this log\n' : '' };
  }

  /**
   * The completion as it may be stored: the texts of an error are masked as a log is, for nobody chose what stands in a
   * traceback. The result of a success is left alone: its script meant to return it.
   */
  completion(completion: Completion): Completion {
    if (completion.status === 'success') return completion;
    if (this.#unread) {
      const message = 'The error is not shown: what must be masked in it could not be read';
      return { ...completion, result: failed({ name: 'Error', message }).result };
    }
    const result = parseJson(completion.result);
    return result.ok ? { ...completion, result: JSON.stringify(this.#masked(result.value)) } : completion;
  }

  #masked(value: Json): Json {
    if (typeof value === 'string') return this.#errors.ending(value).text;
    if (Array.isArray(value)) return value.map((item) => this.#masked(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.#errors.ending(key).text, this.#masked(item)]),
    );
  }
}
