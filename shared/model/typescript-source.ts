/** A token of a TypeScript source. `start` and `end` are offsets; for a string they are those of what its quotes hold. */
export type TypescriptToken = {
  kind: 'word' | 'string' | 'other';
  text: string;
  start: number;
  end: number;
  line: number;
};

const NEWLINE = 10;
const SPACE = /\s+/y;
const COMMENT = /\/\/[^\n]*/y;
const WORD = /[\p{ID_Continue}$#]+/uy;
/** Longer ones are no regular expressions: each slash of a line is looked behind for so far only. */
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n]){0,500}\]|[^/\\\n[]){1,1000}\/[a-z]*/y;
/** After these words a slash opens a regular expression; after any other it divides. */
const BEFORE_REGEX = new Set(
  'return typeof case in of delete void throw new do else instanceof await yield default'.split(' '),
);

/**
 * Cuts a TypeScript source into tokens, comments left out, so that what stands in strings, templates and regular
 * expressions is not taken for code; code within a template is. A source that is not TypeScript is cut somehow: it never
 * throws.
 */
export const readTypescriptSource = (source: string): TypescriptToken[] => new SourceReader(source).read();

class SourceReader {
  readonly #source: string;
  readonly #tokens: TypescriptToken[] = [];
  /** Braces that are open, `true` for one that a template opened. */
  readonly #braces: boolean[] = [];
  #at = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source;
  }

  read(): TypescriptToken[] {
    while (this.#at < this.#source.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    const char = this.#source.charAt(this.#at);
    if (this.#skip(SPACE) || this.#skip(COMMENT)) return;
    if (this.#source.startsWith('/*', this.#at)) {
      const end = this.#source.indexOf('*/', this.#at + 2);
      this.#moveTo(end === -1 ? this.#source.length : end + 2);
    } else if (char === '"' || char === "'") this.#string(char);
    else if (char === '`') this.#template(true);
    else if (char === '/' && this.#regexMayStand()) this.#take('other', REGEX) || this.#char();
    else if (char === '}' && this.#braces.pop() === true) this.#template(false);
    else if (!this.#take('word', WORD)) {
      if (char === '{') this.#braces.push(false);
      this.#char();
    }
  }

  #skip(pattern: RegExp): boolean {
    const found = this.#match(pattern);
    if (found === undefined) return false;
    this.#moveTo(this.#at + found.length);
    return true;
  }

  #take(kind: TypescriptToken['kind'], pattern: RegExp): boolean {
    const found = this.#match(pattern);
    if (found === undefined) return false;
    this.#add(kind, this.#at, this.#at + found.length);
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0];
  }

  #char(): void {
    this.#add('other', this.#at, this.#at + 1);
  }

  #add(kind: TypescriptToken['kind'], start: number, end: number, next = end): void {
    this.#tokens.push({ kind, text: this.#source.slice(start, end), start, end, line: this.#line });
    this.#moveTo(next);
  }

  /** One that is not closed ends with its line. */
  #string(quote: string): void {
    const start = this.#at + 1;
    let at = start;
    while (at < this.#source.length) {
      const char = this.#source.charAt(at);
      if (char === quote || char === '\n') break;
      at += char === '\\' ? 2 : 1;
    }
    const end = Math.min(at, this.#source.length);
    this.#add('string', start, end, this.#source.charAt(end) === quote ? end + 1 : end);
  }

  /** A template, or the rest of one after a `${}`, up to its end or the next `${`. One without any code is a string. */
  #template(whole: boolean): void {
    const start = this.#at + 1;
    let at = start;
    while (at < this.#source.length && this.#source.charAt(at) !== '`' && !this.#source.startsWith('${', at))
      at += this.#source.charAt(at) === '\\' ? 2 : 1;
    const end = Math.min(at, this.#source.length);
    const opens = this.#source.startsWith('${', end);
    if (opens) this.#braces.push(true);
    this.#add(whole && !opens ? 'string' : 'other', start, end, Math.min(end + (opens ? 2 : 1), this.#source.length));
  }

  #regexMayStand(): boolean {
    const last = this.#tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'word') return BEFORE_REGEX.has(last.text);
    return last.kind === 'other' && !/^[)\]}]$/.test(last.text);
  }

  #moveTo(at: number): void {
    for (; this.#at < at; this.#at += 1) if (this.#source.charCodeAt(this.#at) === NEWLINE) this.#line += 1;
  }
}
