import { readTypescriptSource, type TypescriptToken } from './typescript-source.ts';

/** A module that a source names: `specifier` stands from `start` to `end`, between its quotes, in line `line`. */
export type TypescriptImport = { specifier: string; start: number; end: number; line: number };

/**
 * What a source imports at run time, in the order it stands there: `import` and `export` with `from`, `import "x"`,
 * `import("x")` and `require("x")` with a text for a name. `import type` and `export type` are gone at run time.
 */
export const typescriptImports = (source: string): TypescriptImport[] => {
  const tokens = readTypescriptSource(source);
  return tokens.flatMap((token, at) => {
    const found = token.kind === 'word' ? named(tokens, at) : undefined;
    if (found === undefined || found.text === '' || found.text.includes('\\')) return [];
    return [{ specifier: found.text, start: found.start, end: found.end, line: found.line }];
  });
};

const is = (token: TypescriptToken | undefined, text: string): boolean =>
  token?.kind !== 'string' && token?.text === text;

const named = (tokens: TypescriptToken[], at: number): TypescriptToken | undefined => {
  if (is(tokens[at - 1], '.')) return undefined;
  switch (tokens[at]?.text) {
    case 'import':
      return (
        stringAt(tokens, at + 1) ?? called(tokens, at) ?? (isType(tokens, at + 1) ? undefined : from(tokens, at + 1))
      );
    case 'export':
      return is(tokens[at + 1], '*') || is(tokens[at + 1], '{') ? from(tokens, at + 1) : undefined;
    case 'require':
      return called(tokens, at);
    default:
      return undefined;
  }
};

const stringAt = (tokens: TypescriptToken[], at: number): TypescriptToken | undefined =>
  tokens[at]?.kind === 'string' ? tokens[at] : undefined;

const called = (tokens: TypescriptToken[], at: number): TypescriptToken | undefined => {
  const ends = is(tokens[at + 3], ')') || is(tokens[at + 3], ',');
  return is(tokens[at + 1], '(') && ends ? stringAt(tokens, at + 2) : undefined;
};

/** `import type` that is not the import of something called `type`. */
const isType = (tokens: TypescriptToken[], at: number): boolean => {
  if (!is(tokens[at], 'type') || is(tokens[at + 1], ',')) return false;
  return !is(tokens[at + 1], 'from') || tokens[at + 2]?.kind !== 'string';
};

/** The string behind the `from` of the clause that begins at `at`. */
const from = (tokens: TypescriptToken[], at: number): TypescriptToken | undefined => {
  for (let next = at; next < tokens.length; next += 1) {
    const token = tokens[next];
    if (is(token, 'from') && tokens[next + 1]?.kind === 'string') return tokens[next + 1];
    if (token === undefined || is(token, 'import') || is(token, 'export')) return undefined;
    if (token.kind === 'other' && !/^[{},*]$/.test(token.text)) return undefined;
    if (is(token, '}') && !is(tokens[next + 1], 'from')) return undefined;
  }
  return undefined;
};
