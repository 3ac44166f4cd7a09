const NEWLINE = 0x0a;

/**
 * Remembers the end of an output in bounded memory: its last line in full (up to a limit) and its last bytes.
 * The last line is what `tail -n 1` would print, without its newline.
 */
export class LastLines {
  readonly #lineLimit: number;
  #previous: Buffer | undefined;
  #current: Buffer[] = [];
  #currentBytes = 0;
  #tail: Buffer = Buffer.alloc(0);

  /** @param lineLimit bytes of a line that are kept; one byte more tells that it was longer. */
  constructor(lineLimit: number) {
    this.#lineLimit = lineLimit;
  }

  add(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.#keep(chunk);
      return;
    }
    const start = end === 0 ? -1 : chunk.lastIndexOf(NEWLINE, end - 1);
    if (start === -1) this.#keep(chunk.subarray(0, end));
    this.#previous = start === -1 ? Buffer.concat(this.#current) : Buffer.from(chunk.subarray(start + 1, end));
    this.#current = [];
    this.#currentBytes = 0;
    if (end + 1 < chunk.length) this.#keep(chunk.subarray(end + 1));
  }

  /** Something else came after the last line, which therefore was not the last of the output. The tail stays. */
  interrupt(): void {
    this.#previous = undefined;
    this.#current = [];
    this.#currentBytes = 0;
  }

  #keep(bytes: Buffer): void {
    const room = this.#lineLimit + 1 - this.#currentBytes;
    if (room <= 0) return;
    const kept = Buffer.from(bytes.subarray(0, room));
    this.#current.push(kept);
    this.#currentBytes += kept.length;
  }

  /** The last line, undefined when nothing was written since `interrupt`, `tooLong` when it is over the limit. */
  lastLine(): { text: string; tooLong: boolean } | undefined {
    const line = this.#currentBytes > 0 ? Buffer.concat(this.#current) : this.#previous;
    return line === undefined ? undefined : { text: line.toString('utf8'), tooLong: line.length > this.#lineLimit };
  }

  /** At most the last ten lines, within 2 KiB. */
  tail(): string {
    return this.#tail.toString('utf8').trimEnd().split('\n').slice(-10).join('\n');
  }
}

const TAIL_BYTES = 2048;
