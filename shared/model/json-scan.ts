import { MOST_LEVELS } from './json.ts';

/** What a scan came to. `reason` completes "it is not JSON: ...". */
export type Scanned = { ok: true; object: boolean } | { ok: false; reason: string };

type State =
  | 'value'
  | 'first item'
  | 'first key'
  | 'key'
  | 'colon'
  | 'after'
  | 'text'
  | 'escape'
  | 'hex'
  | 'word'
  | 'minus'
  | 'zero'
  | 'whole'
  | 'point'
  | 'fraction'
  | 'e'
  | 'e sign'
  | 'exponent';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const WORDS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), word]));
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
/** Whether a number may end in this state. */
const mayEnd = (state: State): boolean =>
  state === 'whole' || state === 'fraction' || state === 'zero' || state === 'exponent';

/**
 * Says whether bytes that come piece by piece are one JSON text in UTF-8, nested no deeper than `parseSentJson` takes. Keeps
 * nothing of them: what is too large to be parsed is checked so.
 */
export class JsonScan {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #state: State = 'value';
  /** Closing byte of each list and object that is open. */
  readonly #open: number[] = [];
  #isKey = false;
  #word = '';
  #left = 0;
  #at = 0;
  #object: boolean | undefined;
  #problem: string | undefined;

  push(bytes: Uint8Array): void {
    if (this.#problem !== undefined) return;
    this.#decode(bytes, true);
    for (let index = 0; index < bytes.length && this.#problem === undefined; index += 1) {
      if (this.#state === 'text') index = this.#text(bytes, index);
      else this.#step(bytes[index] ?? 0, this.#at + index);
    }
    this.#at += bytes.length;
  }

  end(): Scanned {
    if (this.#problem === undefined) this.#decode(new Uint8Array(), false);
    if (this.#problem === undefined && mayEnd(this.#state)) this.#state = 'after';
    if (this.#problem === undefined && (this.#state !== 'after' || this.#open.length > 0))
      this.#problem = `it ends too early, at byte ${this.#at}`;
    return this.#problem === undefined
      ? { ok: true, object: this.#object === true }
      : { ok: false, reason: this.#problem };
  }

  #decode(bytes: Uint8Array, stream: boolean): undefined {
    try {
      this.#utf8.decode(bytes, { stream });
    } catch {
      this.#problem = 'it is not UTF-8 text';
    }
  }

  #fail(byte: number, at: number): undefined {
    this.#problem = `unexpected ${JSON.stringify(String.fromCharCode(byte))} at byte ${at}`;
  }

  /** Runs to the end of the text or of the piece; answers where it stopped. */
  #text(bytes: Uint8Array, from: number): number {
    for (let index = from; index < bytes.length; index += 1) {
      const byte = bytes[index] ?? 0;
      if (byte === QUOTE) {
        this.#state = this.#isKey ? 'colon' : 'after';
        return index;
      }
      if (byte === BACKSLASH) {
        this.#state = 'escape';
        return index;
      }
      if (byte < 0x20) {
        this.#fail(byte, this.#at + index);
        return index;
      }
    }
    return bytes.length;
  }

  #step(byte: number, at: number): undefined {
    switch (this.#state) {
      case 'value':
      case 'first item':
      case 'first key':
      case 'key':
      case 'colon':
      case 'after':
        if (!isSpace(byte)) this.#structure(byte, at);
        return;
      case 'escape':
        return this.#escape(byte, at);
      case 'hex':
        if (!isHex(byte)) return this.#fail(byte, at);
        this.#left -= 1;
        if (this.#left === 0) this.#state = 'text';
        return;
      case 'word':
        if (String.fromCharCode(byte) !== this.#word[0]) return this.#fail(byte, at);
        this.#word = this.#word.slice(1);
        if (this.#word === '') this.#state = 'after';
        return;
      default:
        return this.#number(byte, at);
    }
  }

  #structure(byte: number, at: number): undefined {
    const state = this.#state;
    if (state === 'colon') {
      if (byte !== COLON) return this.#fail(byte, at);
      this.#state = 'value';
    } else if (state === 'after') {
      if (byte === COMMA && this.#open.length > 0) this.#state = this.#open.at(-1) === CLOSE_OBJECT ? 'key' : 'value';
      else this.#close(byte, at);
    } else if (state === 'key' || state === 'first key') {
      if (byte === QUOTE) this.#begin('text', true);
      else if (state === 'first key') this.#close(byte, at);
      else this.#fail(byte, at);
    } else if (state === 'first item' && byte === OPEN_LIST + 2) this.#close(byte, at);
    else this.#value(byte, at);
  }

  #close(byte: number, at: number): undefined {
    if (this.#open.at(-1) !== byte) return this.#fail(byte, at);
    this.#open.pop();
    this.#state = 'after';
  }

  #begin(state: State, isKey: boolean): undefined {
    this.#state = state;
    this.#isKey = isKey;
  }

  #value(byte: number, at: number): undefined {
    this.#object ??= byte === OPEN_OBJECT;
    if (byte === QUOTE) this.#begin('text', false);
    else if (isDigit(byte)) this.#state = byte === 0x30 ? 'zero' : 'whole';
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      // Brackets and braces close two places after where they open.
      this.#open.push(byte + 2);
      this.#state = byte === OPEN_LIST ? 'first item' : 'first key';
      if (this.#open.length > MOST_LEVELS) this.#problem = `it nests deeper than ${MOST_LEVELS} levels`;
    } else if (byte === 0x2d) this.#state = 'minus';
    else {
      const word = WORDS.get(byte);
      if (word === undefined) return this.#fail(byte, at);
      this.#word = word.slice(1);
      this.#state = 'word';
    }
  }

  #escape(byte: number, at: number): undefined {
    const char = String.fromCharCode(byte);
    if (char === 'u') {
      this.#left = 4;
      this.#state = 'hex';
    } else if ('"\\/bfnrt'.includes(char)) this.#state = 'text';
    else this.#fail(byte, at);
  }

  #number(byte: number, at: number): undefined {
    const state = this.#state;
    if (isDigit(byte) && state !== 'zero') {
      if (state === 'minus') this.#state = byte === 0x30 ? 'zero' : 'whole';
      else if (state === 'point') this.#state = 'fraction';
      else if (state === 'e' || state === 'e sign') this.#state = 'exponent';
    } else if (byte === 0x2e && (state === 'zero' || state === 'whole')) this.#state = 'point';
    else if ((byte | 0x20) === 0x65 && mayEnd(state) && state !== 'exponent') this.#state = 'e';
    else if ((byte === 0x2b || byte === 0x2d) && state === 'e') this.#state = 'e sign';
    else if (mayEnd(state)) {
      this.#state = 'after';
      if (!isSpace(byte)) this.#structure(byte, at);
    } else this.#fail(byte, at);
  }
}
