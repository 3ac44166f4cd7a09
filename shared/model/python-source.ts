/** One logical line: a statement, or several with `;` between them, with all its continuations. */
export type PythonLine = {
  /** Its first line, counted from 1. */
  line: number;
  indent: number;
  /** On one line, without comments; every string in it is `""`. */
  text: string;
  /** The comments that stand on its lines, each with its `#`. */
  comments: string[];
};

/** A comment that begins its line; `text` has its `#`. */
export type PythonComment = { line: number; text: string };

export type PythonSource = { lines: PythonLine[]; comments: PythonComment[] };

const TOKEN = /\\?(?:\r\n|\r|\n)|#[^\r\n]*|[\p{L}\p{N}_]+|[^\S\r\n]+|[\s\S]/uy;
const STRING_PREFIX = /^(?:[rbuft]|[bft]r|r[bft])$/i;
const TAB = 8;
/** Python's own limit. Deeper, and the braces of a string are read as its text. */
const DEEPEST_FIELD = 150;

/**
 * Cuts a Python source into logical lines and comments, so that what stands in a string is neither. A source that is not
 * Python is cut somehow; it never throws.
 */
export const readPythonSource = (source: string): PythonSource => new SourceReader(source).read();

class SourceReader {
  readonly #source: string;
  readonly #found: PythonSource = { lines: [], comments: [] };
  #current: PythonLine | undefined;
  #line = 1;
  /** Where the line in hand begins. */
  #start = 0;
  /** Open brackets. */
  #depth = 0;

  constructor(source: string) {
    this.#source = source.replace(/^\ufeff/, '');
  }

  read(): PythonSource {
    let at = 0;
    let prefix = '';
    while (at < this.#source.length) {
      TOKEN.lastIndex = at;
      const token = TOKEN.exec(this.#source)?.[0] ?? this.#source.charAt(at);
      const quoted = token === '"' || token === "'";
      const end = quoted ? stringEnd(this.#source, at, prefix) : at + token.length;
      if (quoted) this.#string(at, end, prefix);
      else this.#take(token, at);
      prefix = STRING_PREFIX.test(token) ? token : '';
      at = end;
    }
    this.#endLine();
    return this.#found;
  }

  #take(token: string, at: number): void {
    if (/^\\?[\r\n]/.test(token)) {
      if (!token.startsWith('\\') && this.#depth === 0) this.#endLine();
      else if (this.#current !== undefined) this.#current.text += ' ';
      this.#line += 1;
      this.#start = at + token.length;
    } else if (token.startsWith('#')) this.#comment(token, at);
    else if (/^\s/.test(token)) {
      if (this.#current !== undefined) this.#current.text += ' ';
    } else {
      if ('([{'.includes(token)) this.#depth += 1;
      if (')]}'.includes(token)) this.#depth = Math.max(0, this.#depth - 1);
      this.#add(token, at);
    }
  }

  #comment(token: string, at: number): void {
    if (this.#current !== undefined) this.#current.comments.push(token);
    else if (at === this.#start) this.#found.comments.push({ line: this.#line, text: token.trimEnd() });
  }

  #string(at: number, end: number, prefix: string): void {
    if (prefix !== '' && this.#current !== undefined) this.#current.text = this.#current.text.slice(0, -prefix.length);
    this.#add('""', at);
    this.#line += this.#source.slice(at, end).match(/\r\n|\r|\n/g)?.length ?? 0;
  }

  #add(text: string, at: number): void {
    const indent = (): number => indentOf(this.#source.slice(this.#start, at));
    this.#current ??= { line: this.#line, indent: indent(), text: '', comments: [] };
    this.#current.text += text;
  }

  #endLine(): void {
    if (this.#current !== undefined) this.#found.lines.push(this.#current);
    this.#current = undefined;
  }
}

const indentOf = (blank: string): number => {
  let indent = 0;
  for (const char of blank) {
    if (char === '\t') indent += TAB - (indent % TAB);
    else if (char === '\f') indent = 0;
    else indent += 1;
  }
  return indent;
};

/** Where the string that opens at `at` ends; one that is not closed ends with its line, or with the source. */
const stringEnd = (source: string, at: number, prefix: string, level = 0): number => {
  const quote = source.charAt(at);
  const delimiter = source.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  const formatted = level < DEEPEST_FIELD && /[ft]/i.test(prefix);
  let next = at + delimiter.length;
  while (next < source.length) {
    if (source.startsWith(delimiter, next)) return next + delimiter.length;
    const char = source.charAt(next);
    if (delimiter.length === 1 && (char === '\n' || char === '\r')) return next;
    if (char === '\\')
      next += formatted && source.charAt(next + 1) === '{' ? 1 : source.startsWith('\r\n', next + 1) ? 3 : 2;
    else if (formatted && source.startsWith('{{', next)) next += 2;
    else if (formatted && char === '{') next = fieldEnd(source, next + 1, delimiter, level + 1);
    else next += 1;
  }
  return source.length;
};

/** Where a `{field}` of an f-string ends: after its brace. Strings in it may use the quotes around it (Python 3.12). */
const fieldEnd = (source: string, start: number, delimiter: string, level: number): number => {
  let depth = 0;
  let format = false;
  let at = start;
  while (at < source.length) {
    const char = source.charAt(at);
    if (format && (source.startsWith(delimiter, at) || (delimiter.length === 1 && /[\r\n]/.test(char)))) return at;
    if (char === '}' && depth === 0) return at + 1;
    if (format) at = char === '{' && level < DEEPEST_FIELD ? fieldEnd(source, at + 1, delimiter, level + 1) : at + 1;
    else if (char === '"' || char === "'") at = stringEnd(source, at, prefixBefore(source, at), level);
    else {
      if ('([{'.includes(char)) depth += 1;
      if (')]}'.includes(char)) depth -= 1;
      if (char === ':' && depth === 0) format = true;
      at += 1;
    }
  }
  return at;
};

const prefixBefore = (source: string, at: number): string =>
  /(?<![\w])[a-z]{1,2}$/i.exec(source.slice(Math.max(0, at - 3), at))?.[0] ?? '';
