import type { Frame } from '../../shared/model/runner.ts';
import type { LastLines } from './last-lines.ts';

/** Hands one frame on. Resolves when the next may come: a slow reader slows the user's process, memory stays bounded. */
export type Emit = (frame: Frame) => Promise<void>;

const BATCH_CHARS = 64 * 1024;
const BATCH_MS = 50;

/** Emits text as `log` frames of about 64 K characters or 50 ms, in order with the notes given in between. */
export class FrameWriter {
  readonly #emit: Emit;
  #pending: string[] = [];
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async log(text: string): Promise<void> {
    if (text === '') return;
    this.#pending.push(text);
    this.#chars += text.length;
    if (this.#chars >= BATCH_CHARS) await this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }

  async note(text: string): Promise<void> {
    await this.send({ type: 'note', text });
  }

  /** Emits a frame after everything that was said before it. */
  async send(frame: Frame): Promise<void> {
    await this.flush();
    this.#last = this.#last.then(() => this.#emit(frame));
    await this.#last;
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#chars > 0) {
      const text = this.#pending.join('');
      this.#pending = [];
      this.#chars = 0;
      this.#last = this.#last.then(() => this.#emit({ type: 'log', text }));
    }
    return this.#last;
  }
}

/**
 * Reads a process's output to its end. Bytes that are not UTF-8 and NUL become U+FFFD, ANSI sequences stay. Over `limit` bytes
 * the rest is discarded after one note, and still read, so that the process goes on.
 */
export const readOutput = async (
  source: AsyncIterable<Buffer>,
  to: { writer: FrameWriter; last: LastLines; limit: number },
): Promise<void> => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const clean = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text);
  let bytes = 0;
  let capped = false;
  for await (const chunk of source) {
    to.last.add(chunk);
    if (capped) continue;
    const room = to.limit - bytes;
    bytes += chunk.length;
    await to.writer.log(clean(decoder.decode(chunk.subarray(0, room), { stream: true })));
    if (bytes <= to.limit) continue;
    capped = true;
    await to.writer.note(`output is over the limit of ${to.limit} bytes: the rest of it is discarded, the job goes on`);
  }
  if (!capped) await to.writer.log(clean(decoder.decode()));
  await to.writer.flush();
};
