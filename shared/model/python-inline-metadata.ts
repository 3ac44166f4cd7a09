import { badRequest } from './errors.ts';
import { parseRequirement, type Requirement } from './python-requirement.ts';
import type { PythonComment } from './python-source.ts';
import type { PythonWish } from './python-version.ts';

type InlineMetadata = { python?: PythonWish; dependencies?: Requirement[] };

const TOKEN = /\s+|,|#[^\n]*|\]|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;

/**
 * The `# /// script` block (PEP 723): `requires-python` and `dependencies` of it; its tables (`[tool.uv]`) are left alone.
 * Throws 400 that names the line of what cannot be read.
 */
export const inlineMetadata = (comments: PythonComment[]): InlineMetadata | undefined => {
  const start = comments.findIndex(({ text }) => text === '# /// script');
  const first = comments[start];
  if (first === undefined) return undefined;
  const lines: string[] = [];
  let closed = false;
  for (const [index, { line, text }] of comments.slice(start + 1).entries()) {
    if (line !== first.line + index + 1) break;
    if (text === '# ///') {
      closed = true;
      break;
    }
    lines.push(text.replace(/^# ?/, ''));
  }
  if (!closed) throw badRequest(`line ${first.line}: \`# /// script\` needs a line \`# ///\` that closes it`);
  const table = lines.findIndex((line) => /^\s*\[+[\w."' -]+\]+\s*(?:#.*)?$/.test(line));
  return readKeys(table === -1 ? lines : lines.slice(0, table), first.line + 1);
};

const readKeys = (lines: string[], firstLine: number): InlineMetadata => {
  const found: InlineMetadata = {};
  for (const [index, line] of lines.entries()) {
    const at = firstLine + index;
    const python = /^\s*requires-python\s*=\s*(.*)$/.exec(line)?.[1];
    if (python !== undefined) {
      const specifier = /^(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?$/.exec(python);
      if (specifier === null) throw badRequest(`line ${at}: requires-python must be a string such as ">=3.11"`);
      found.python = { specifier: specifier[1] ?? specifier[2] ?? '', line: at };
    }
    const list = /^\s*dependencies\s*=\s*/.exec(line)?.[0];
    if (list !== undefined) found.dependencies ??= readList([line.slice(list.length), ...lines.slice(index + 1)], at);
  }
  return found;
};

const readList = ([head = '', ...rest]: string[], firstLine: number): Requirement[] => {
  const refuse = (line: number): Error =>
    badRequest(`line ${line}: dependencies must be a list such as ["requests<3", "rich"]`);
  if (!head.startsWith('[')) throw refuse(firstLine);
  const text = [head, ...rest].join('\n');
  const found: Requirement[] = [];
  let at = 1;
  let line = firstLine;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) throw refuse(line);
    if (token === ']') return found;
    if (/^["']/.test(token)) found.push(requirementIn(token, line));
    at += token.length;
    line += token.split('\n').length - 1;
  }
  throw refuse(firstLine);
};

const requirementIn = (token: string, line: number): Requirement => {
  const text = token.slice(1, -1).replace(/\\(["\\])/g, token.startsWith('"') ? '$1' : '$&');
  const parsed = parseRequirement(text);
  if (parsed.ok) return parsed.value;
  throw badRequest(`line ${line}: ${token} ${parsed.reason}`);
};
