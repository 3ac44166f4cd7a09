import { BLOCK, checksumOf } from './tar-writer.ts';

/** Told of each file of an archive: first `file`, then its content in pieces, then `close`. */
export type TarTarget = {
  file: (path: string, bytes: number, executable: boolean) => void;
  piece: (bytes: Buffer) => void;
  close: () => void;
};

/** An archive is not what `tarOf` makes: nothing of it may be used. */
export class BadArchive extends Error {
  override readonly name = 'BadArchive';
}

/** A path is longer in nobody's package, and the memory of a reader is its own. */
const LONGEST_PATH = 1024;

type State =
  | { at: 'header' }
  | { at: 'pax'; rest: number; padding: number; text: Buffer[] }
  | { at: 'content'; rest: number; padding: number }
  | { at: 'padding'; rest: number }
  | { at: 'end' };

/**
 * Reads an archive as its pieces come, in the memory of a piece. Knows regular files and long paths, which is all that
 * `tarOf` writes: folders, links, devices and everything else are refused, so there is nothing in an archive that a file could
 * be written through. Throws BadArchive.
 */
export class TarReader {
  readonly #target: TarTarget;
  readonly #header = Buffer.alloc(BLOCK);
  #filled = 0;
  #path: string | undefined;
  #state: State = { at: 'header' };

  constructor(target: TarTarget) {
    this.#target = target;
  }

  push(piece: Buffer): void {
    let rest = piece;
    while (rest.length > 0 && this.#state.at !== 'end') rest = rest.subarray(this.#take(rest));
  }

  /** To be called after the last piece: an archive that was cut off is none. */
  end(): void {
    if (this.#state.at !== 'end') throw new BadArchive('the archive ends too early');
  }

  #take(bytes: Buffer): number {
    const state = this.#state;
    if (state.at === 'header') return this.#takeHeader(bytes);
    if (state.at === 'end') return bytes.length;
    const taken = Math.min(state.rest, bytes.length);
    if (state.at === 'content') this.#target.piece(bytes.subarray(0, taken));
    if (state.at === 'pax') state.text.push(Buffer.from(bytes.subarray(0, taken)));
    state.rest -= taken;
    if (state.rest === 0) this.#finish(state);
    return taken;
  }

  #finish(state: Exclude<State, { at: 'header' } | { at: 'end' }>): void {
    if (state.at === 'padding') {
      this.#state = { at: 'header' };
      return;
    }
    if (state.at === 'content') this.#target.close();
    else this.#path = pathIn(Buffer.concat(state.text).toString('utf8'));
    this.#state = state.padding === 0 ? { at: 'header' } : { at: 'padding', rest: state.padding };
  }

  #takeHeader(bytes: Buffer): number {
    const taken = Math.min(BLOCK - this.#filled, bytes.length);
    bytes.copy(this.#header, this.#filled, 0, taken);
    this.#filled += taken;
    if (this.#filled < BLOCK) return taken;
    this.#filled = 0;
    this.#begin(this.#header);
    return taken;
  }

  #begin(block: Buffer): void {
    if (block.every((byte) => byte === 0)) {
      this.#state = { at: 'end' };
      return;
    }
    const stated = octal(block, 148, 6);
    const without = Buffer.from(block);
    without.fill(' ', 148, 156);
    if (stated !== checksumOf(without)) throw new BadArchive('a header of the archive is damaged');
    const bytes = octal(block, 124, 11);
    const padding = (BLOCK - (bytes % BLOCK)) % BLOCK;
    const type = String.fromCharCode(block[156] ?? 0);
    if (type === 'x' && this.#path === undefined && bytes > 0 && bytes <= 2 * LONGEST_PATH) {
      this.#state = { at: 'pax', rest: bytes, padding, text: [] };
      return;
    }
    if (type !== '0') throw new BadArchive(`the archive has an entry of type ${JSON.stringify(type)}`);
    const path = this.#path ?? nameIn(block);
    this.#path = undefined;
    this.#target.file(safePath(path), bytes, (octal(block, 100, 7) & 0o111) !== 0);
    this.#state = { at: 'content', rest: bytes, padding };
    if (bytes === 0) this.#finish(this.#state);
  }
}

const octal = (block: Buffer, at: number, digits: number): number => {
  const text = block.toString('latin1', at, at + digits);
  if (!/^[0-7]+$/.test(text)) throw new BadArchive('a number in the archive is none');
  return Number.parseInt(text, 8);
};

const nameIn = (block: Buffer): string => {
  const end = block.indexOf(0);
  return block.toString('latin1', 0, Math.min(end === -1 ? 100 : end, 100));
};

const pathIn = (record: string): string => {
  const [, length, path] = /^(\d{1,5}) path=([^\n]*)\n$/.exec(record) ?? [];
  if (path === undefined || Number(length) !== Buffer.byteLength(record))
    throw new BadArchive('a long path of the archive is damaged');
  return path;
};

/** A path that stays in the folder it is written below, on whatever system. */
const safePath = (path: string): string => {
  const parts = path.split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || Buffer.byteLength(part) > 255);
  if (bad || path.includes('\0') || Buffer.byteLength(path) > LONGEST_PATH)
    throw new BadArchive(`the archive has a path that leads elsewhere: ${JSON.stringify(path.slice(0, 200))}`);
  return path;
};
