import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

const CHECK_EVERY_MS = 10_000;

/**
 * The log file of a function. Environments write to `fd` themselves (it appends, so their lines do not overwrite each
 * other); above `maxBytes` the text moves to `<file>.1` and the file starts anew.
 */
export class FunctionLog {
  readonly fd: number;
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;

  constructor(file: string, maxBytes: number) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#file = file;
    this.#maxBytes = maxBytes;
    this.fd = openSync(file, 'a', 0o600);
    this.#timer = setInterval(() => this.rotate(), CHECK_EVERY_MS);
    this.#timer.unref();
    this.rotate();
  }

  /** Lines written between the copy and the cut are lost: this is a log of one machine's development cloud. */
  rotate(): void {
    if (fstatSync(this.fd).size <= this.#maxBytes) return;
    copyFileSync(this.#file, `${this.#file}.1`);
    ftruncateSync(this.fd);
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.fd);
  }
}
