import type { PythonLine } from './python-source.ts';

/** One module that a statement imports. */
export type PythonImport = {
  /** Line of the statement, counted from 1. */
  line: number;
  /** Leading dots of a relative import. */
  dots: number;
  /** `a.b.c`; empty for `from . import x`. */
  module: string;
  /** What `from` imports out of it; empty for a plain `import`. */
  names: string[];
  /** Comments of the statement. */
  comments: string[];
};

const NAME = '[\\p{L}_][\\p{L}\\p{N}_]*';
const DOTTED = `${NAME}(?: *\\. *${NAME})*`;
const IMPORT = /^import +(.+)$/u;
const MODULE = new RegExp(`^(${DOTTED})(?: +as +${NAME})?$`, 'u');
const FROM = new RegExp(`^from *(?:(\\.[ .]*)(${DOTTED} +)?|(?<= )(${DOTTED}) +)import\\b *\\(?([^()]*)\\)?$`, 'u');
const HEADER = /^(?:if|elif|else|try|except|finally|with|for|while|match|case|async)\b/;
const SCOPE = /^(?:async +def|def|class)\b/;

/**
 * What a script imports when it is loaded: outside functions and classes, but inside `try`, `if` and the like, and, as in
 * Windmill, above its `def main(`.
 */
export const importsOf = (lines: PythonLine[]): PythonImport[] => {
  const found: PythonImport[] = [];
  let scope: number | undefined;
  for (const line of lines) {
    if (line.indent === 0 && /^(?:async +)?def +main *\(/.test(line.text)) break;
    if (scope !== undefined && line.indent > scope) continue;
    scope = SCOPE.test(line.text) ? line.indent : undefined;
    if (scope !== undefined) continue;
    for (const part of line.text.split(';')) found.push(...statement(afterHeader(part.trim()), line));
  }
  return found;
};

/** The statement behind `try:` or `if x:` on the same line. */
const afterHeader = (text: string): string =>
  HEADER.test(text) ? (/: *((?:import|from)[ .].*)$/.exec(text)?.[1] ?? text) : text;

const statement = (text: string, { line, comments }: PythonLine): PythonImport[] => {
  const plain = IMPORT.exec(text)?.[1];
  if (plain !== undefined) {
    return plain.split(',').flatMap((part) => {
      const module = MODULE.exec(part.trim())?.[1];
      return module === undefined ? [] : [{ line, dots: 0, module: module.replaceAll(' ', ''), names: [], comments }];
    });
  }
  const from = FROM.exec(text);
  if (from === null) return [];
  const names = (from[4] ?? '').split(',').flatMap((part) => {
    const name = part.trim().split(' ')[0] ?? '';
    return name === '' ? [] : [name];
  });
  const dots = (from[1] ?? '').replaceAll(' ', '').length;
  return [{ line, dots, module: (from[2] ?? from[3] ?? '').replaceAll(' ', ''), names, comments }];
};
