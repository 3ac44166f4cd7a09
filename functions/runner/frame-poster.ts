import { unreachable } from '../../shared/model/errors.ts';
import { type FrameBatch, FramesTaken } from '../../shared/model/frame-batch.ts';
import type { EndFrame, Frame, StatedContent } from '../../shared/model/runner.ts';
import { type Attempt, AttemptOver, ask } from './frames-client.ts';
import type { Emit } from './output-reader.ts';

/** Units of a text that one batch carries: escaped as JSON they fit a request. */
const MOST_UNITS = 400_000;
/** So much waiting text makes whoever says more wait: the back-pressure. */
const FULL_UNITS = 1_000_000;
/** After the job's end its last batch is offered for so long. */
const LAST_WORDS_MS = 300_000;

/** Milliseconds until what is said is posted, by the age of the attempt: as often as pages of a log are written. */
const postEveryMs = (ageMs: number, streams: boolean): number => {
  if (ageMs < 10_000) return streams ? 200 : 500;
  if (ageMs < 60_000) return streams ? 500 : 2_500;
  return streams ? 1_000 : 5_000;
};

/**
 * Posts frames to the platform in batches, one at a time, each again until it is answered: in order, and each taken once.
 * When the attempt is over, frames are dropped and `over` is called; `ended` resolves when the last one is answered or dropped.
 */
export class FramePoster {
  readonly ended: Promise<void>;
  readonly #attempt: Attempt;
  readonly #over: () => void;
  readonly #openedAt = Date.now();
  readonly #giveUp = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  #seq = 1;
  #log: string;
  #stream = '';
  #streamed: string[] = [];
  #result: string[] = [];
  #large: StatedContent | undefined;
  #timer: NodeJS.Timeout | undefined;
  #posting: Promise<void> = Promise.resolve();
  #dropped = false;

  constructor(attempt: Attempt, head: string, over: () => void) {
    this.#attempt = attempt;
    this.#log = head;
    this.#over = over;
    this.ended = this.#done.promise;
    this.#schedule();
  }

  readonly emit: Emit = async (frame: Frame): Promise<void> => {
    switch (frame.type) {
      case 'log':
        return this.#say('log', frame.text);
      case 'note':
        return this.#say('log', `[millrace] ${frame.text}\n`);
      case 'stream':
        this.#streamed.push(frame.text);
        return this.#say('stream', frame.text);
      case 'result':
        this.#result.push(frame.part);
        return;
      case 'large-result':
        this.#large = { bytes: frame.bytes, sha256: frame.sha256 };
        return;
      case 'packages-lost':
        // The failure that follows names them: only dispatch has them made anew.
        return;
      case 'lock':
        // What it chose is chosen again by the next run: only dispatch keeps choices.
        return;
      case 'end':
        return this.#end(frame);
      default:
        unreachable(frame);
    }
  };

  async #say(where: 'log' | 'stream', text: string): Promise<void> {
    if (this.#dropped) return;
    if (where === 'log') this.#log += text;
    else this.#stream += text;
    this.#schedule();
    while (this.#log.length + this.#stream.length > FULL_UNITS && !this.#dropped) await this.#post();
  }

  #schedule(): void {
    const age = Date.now() - this.#openedAt;
    this.#timer ??= setTimeout(() => void this.#post(), postEveryMs(age, this.#stream !== ''));
  }

  /** Posts the next of what is said; calls at once go one after the other. Never rejects. */
  #post(last?: FrameBatch['last']): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#posting = this.#posting.then(() => this.#postNext(last)).catch((error: unknown) => this.#drop(error));
    return this.#posting;
  }

  async #postNext(last: FrameBatch['last']): Promise<void> {
    const [log, stream] = [firstOf(this.#log), firstOf(this.#stream)];
    if (this.#dropped || (log === '' && stream === '' && last === undefined)) return;
    const batch: FrameBatch = { seq: this.#seq, log, stream, ...(last === undefined ? {} : { last }) };
    const taken = FramesTaken.parse(await ask(this.#attempt, 'frames', batch, this.#giveUp.signal));
    this.#seq += 1;
    this.#log = this.#log.slice(taken.log);
    this.#stream = this.#stream.slice(taken.stream);
  }

  async #end(end: EndFrame): Promise<void> {
    setTimeout(() => this.#giveUp.abort(), LAST_WORDS_MS).unref();
    while ((this.#log.length > MOST_UNITS || this.#stream.length > MOST_UNITS) && !this.#dropped) await this.#post();
    await this.#post({
      end,
      result: this.#result.join(''),
      streamed: this.#streamed.join(''),
      ...(this.#large === undefined ? {} : { large: this.#large }),
    });
    this.#done.resolve();
  }

  #drop(error: unknown): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#log = '';
    this.#stream = '';
    if (!(error instanceof AttemptOver)) console.error(`frames could not be posted: ${String(error)}`);
    this.#over();
  }
}

/** Not ending within a character. */
const firstOf = (text: string): string => {
  const piece = text.slice(0, MOST_UNITS);
  return piece.length < text.length && /[\ud800-\udbff]$/.test(piece) ? piece.slice(0, -1) : piece;
};
