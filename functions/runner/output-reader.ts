import { type Frame, STREAM_LIMIT_BYTES } from '../../shared/model/runner.ts';
import { piecesOf } from '../../shared/model/text.ts';
import type { LastLines } from './last-lines.ts';
import { StreamLines } from './stream-lines.ts';

/** Hands one frame on. Resolves when the next may come: a slow reader slows the user's process, memory stays bounded. */
export type Emit = (frame: Frame) => Promise<void>;

const BATCH_CHARS = 64 * 1024;
const BATCH_MS = 50;

/** Emits text as `log` and `stream` frames of about 64 K characters or 50 ms, in order with the notes given in between. */
export class FrameWriter {
  readonly #emit: Emit;
  #pending: Record<'log' | 'stream', string[]> = { log: [], stream: [] };
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  log(text: string): Promise<void> {
    return this.#add('log', text);
  }

  stream(text: string): Promise<void> {
    return this.#add('stream', text);
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
    const pending = this.#pending;
    this.#pending = { log: [], stream: [] };
    this.#chars = 0;
    const log = pending.log.join('');
    const frames: Frame[] = log === '' ? [] : [{ type: 'log', text: log }];
    // A line of a stream may be many times the size of a frame.
    for (const text of piecesOf(pending.stream.join(''), BATCH_CHARS)) frames.push({ type: 'stream', text });
    for (const frame of frames) this.#last = this.#last.then(() => this.#emit(frame));
    return this.#last;
  }

  async #add(to: 'log' | 'stream', text: string): Promise<void> {
    if (text === '') return;
    this.#pending[to].push(text);
    this.#chars += text.length;
    if (this.#chars >= BATCH_CHARS) await this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }
}

const clean = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text);

/**
 * Reads a process's output to its end: its log, and what it streams by lines `WM_STREAM: <text>` (`\n` in it stands for a
 * line end), which are in no log; an output
 * that ends with one has no last line. Bytes that are not UTF-8 and NUL become U+FFFD, ANSI sequences
 * stay. Over its limit the rest of the log, or of the stream, is discarded after one note, and still read, so that the
 * process goes on.
 */
export const readOutput = async (
  source: AsyncIterable<Buffer>,
  to: { writer: FrameWriter; last: LastLines; limit: number },
): Promise<void> => {
  const lines = new StreamLines(STREAM_LIMIT_BYTES);
  const log = cappedLog(to.writer, to.limit);
  const stream = cappedStream(to.writer);
  const take = async ({ to: place, bytes }: ReturnType<StreamLines['end']>[number]): Promise<void> => {
    if (place === 'stream') {
      to.last.interrupt();
      return stream(bytes);
    }
    to.last.add(bytes);
    await log.write(bytes);
  };
  for await (const chunk of source) for (const piece of lines.push(chunk)) await take(piece);
  for (const piece of lines.end()) await take(piece);
  await log.end();
  await to.writer.flush();
};

const cappedLog = (writer: FrameWriter, limit: number) => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let bytes = 0;
  let capped = false;
  return {
    write: async (chunk: Buffer): Promise<void> => {
      if (capped) return;
      const room = limit - bytes;
      bytes += chunk.length;
      await writer.log(clean(decoder.decode(chunk.subarray(0, room), { stream: true })));
      if (bytes <= limit) return;
      capped = true;
      await writer.note(`output is over the limit of ${limit} bytes: the rest of it is discarded, the job goes on`);
    },
    end: async (): Promise<void> => {
      if (!capped) await writer.log(clean(decoder.decode()));
    },
  };
};

/** Whole lines only: the one that goes over the limit is discarded with the rest. */
const cappedStream = (writer: FrameWriter) => {
  let bytes = 0;
  let capped = false;
  return async (line: Buffer): Promise<void> => {
    if (capped) return;
    bytes += line.length;
    if (bytes <= STREAM_LIMIT_BYTES) return writer.stream(clean(line.toString('utf8')).replaceAll('\\n', '\n'));
    capped = true;
    const limit = `the limit of ${STREAM_LIMIT_BYTES} bytes`;
    await writer.note(`the result stream is over ${limit}: the rest of it is discarded, the job goes on`);
  };
};
