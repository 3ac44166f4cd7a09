/** Bytes of an output and where they go: a `stream` piece is the text of one whole line, without prefix and end. */
export type OutputPiece = { to: 'log' | 'stream'; bytes: Buffer };

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const PREFIX = Buffer.from('WM_STREAM: ');
const PREFIX_ON_NEXT_LINE = Buffer.concat([Buffer.from('\n'), PREFIX]);

const mayBePrefix = (bytes: Buffer): boolean =>
  bytes.length < PREFIX.length && bytes.equals(PREFIX.subarray(0, bytes.length));

/**
 * Takes lines that begin with `WM_STREAM: ` out of an output, however it was cut into chunks. All other bytes go to the log
 * at once and in order, but for the beginning of a line that may yet become such a one. A line of more than `limit` bytes
 * after its prefix is no stream and goes to the log as it is, so that memory is bounded.
 */
export class StreamLines {
  readonly #limit: number;
  /** What is seen next begins a line, of which `#held` was seen already: fewer bytes than the prefix has. */
  #atStart = true;
  #held: Buffer = Buffer.alloc(0);
  /** The text so far of a line that goes to the stream. */
  #line: Buffer[] | undefined;
  #lineBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): OutputPiece[] {
    const out: OutputPiece[] = [];
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#line !== undefined) rest = this.#collect(this.#line, rest, out);
      else if (this.#atStart) rest = this.#begin(rest);
      else rest = this.#pass(rest, out);
    }
    return out;
  }

  /** What is left when nothing more comes: a last line needs no end. */
  end(): OutputPiece[] {
    const held = this.#held;
    if (this.#line !== undefined) return [streamed(this.#line)];
    return held.length === 0 ? [] : [{ to: 'log', bytes: held }];
  }

  #begin(rest: Buffer): Buffer {
    if (mayBePrefix(rest)) {
      this.#held = Buffer.from(rest);
      return rest.subarray(rest.length);
    }
    this.#atStart = false;
    if (!rest.subarray(0, PREFIX.length).equals(PREFIX)) return rest;
    this.#line = [];
    this.#lineBytes = 0;
    return rest.subarray(PREFIX.length);
  }

  /** Up to the next line that may be a stream's. */
  #pass(rest: Buffer, out: OutputPiece[]): Buffer {
    const found = rest.indexOf(PREFIX_ON_NEXT_LINE);
    const last = rest.lastIndexOf(NEWLINE);
    this.#atStart = found !== -1 || (last !== -1 && mayBePrefix(rest.subarray(last + 1)));
    const end = this.#atStart ? (found === -1 ? last : found) + 1 : rest.length;
    out.push({ to: 'log', bytes: rest.subarray(0, end) });
    // A beginning is kept for `#begin`, which holds it back.
    return rest.subarray(end);
  }

  #collect(line: Buffer[], rest: Buffer, out: OutputPiece[]): Buffer {
    const newline = rest.indexOf(NEWLINE);
    const end = newline === -1 ? rest.length : newline;
    this.#lineBytes += end;
    if (this.#lineBytes > this.#limit) {
      out.push({ to: 'log', bytes: Buffer.concat([PREFIX, ...line]) });
      this.#line = undefined;
      return rest;
    }
    // A copy: small pieces of a slow line must not keep the chunks alive that they came in.
    line.push(Buffer.from(rest.subarray(0, end)));
    if (newline === -1) return rest.subarray(end);
    out.push(streamed(line));
    this.#line = undefined;
    this.#atStart = true;
    return rest.subarray(end + 1);
  }
}

const streamed = (line: readonly Buffer[]): OutputPiece => {
  const bytes = Buffer.concat(line);
  return { to: 'stream', bytes: bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes };
};
