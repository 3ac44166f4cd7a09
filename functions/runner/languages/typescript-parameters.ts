/**
 * One parameter of a TypeScript function, as far as its call depends on it.
 * `pattern`: destructured, so it has no name of its own. `convert`: what its type makes of a JSON value.
 */
export type TypescriptParameter = {
  name: string;
  kind: 'plain' | 'rest' | 'pattern';
  convert?: 'date' | 'bytes';
};

const CLOSERS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** The declared parameters of `entrypoint` (or of the default export); undefined when the source does not show them. */
export const typescriptParameters = (code: string, entrypoint: string): TypescriptParameter[] | undefined => {
  const plain = blank(code);
  const open = parameterListAt(plain, entrypoint);
  if (open === undefined) return undefined;
  const close = closing(plain, open);
  if (close === undefined) return undefined;
  return split(plain.slice(open + 1, close), ',').flatMap((part) => parameter(part.trim()));
};

/** The index of the parenthesis that opens the list. */
const parameterListAt = (plain: string, entrypoint: string): number | undefined => {
  const name = entrypoint.replace(/[^\w$]/g, '\\$&');
  const shapes = [
    `(?<![\\w$.])function\\s*\\*?\\s*${name}\\s*(?=[(<])`,
    `(?<![\\w$.])(?:const|let|var)\\s+${name}\\s*(?::[^=]*)?=\\s*(?:async\\b\\s*)?(?:function\\b\\s*\\*?\\s*[\\w$]*\\s*)?(?=[(<])`,
    '(?<![\\w$.])export\\s+default\\s+(?:async\\b\\s*)?(?:function\\b\\s*\\*?\\s*[\\w$]*\\s*)?(?=[(<])',
  ];
  for (const shape of shapes) {
    const match = new RegExp(shape).exec(plain);
    if (match === null) continue;
    const at = match.index + match[0].length;
    return plain[at] === '<' ? skipGenerics(plain, at) : at;
  }
  return undefined;
};

const skipGenerics = (plain: string, at: number): number | undefined => {
  let depth = 0;
  for (let index = at; index < plain.length; index += 1) {
    if (plain[index] === '<') depth += 1;
    if (plain[index] === '>' && plain[index - 1] !== '=') depth -= 1;
    if (depth === 0) {
      const open = plain.indexOf('(', index);
      return open === -1 ? undefined : open;
    }
  }
  return undefined;
};

const parameter = (text: string): TypescriptParameter[] => {
  if (text === '' || /^this\s*:/.test(text)) return [];
  const bare = text.replace(/^(?:@[\w$.]+\s+)*/, '');
  const [declared = ''] = split(bare, '=');
  const [target = '', ...type] = split(declared, ':');
  const converted = conversion(type.join(':'));
  const more = converted === undefined ? {} : { convert: converted };
  if (/^[[{]/.test(target.trim())) return [{ name: '', kind: 'pattern', ...more }];
  const rest = target.trim().startsWith('...');
  const name = target.replace('...', '').replace('?', '').trim();
  return [{ name, kind: rest ? 'rest' : 'plain', ...more }];
};

/** `Date`, `bytes` and `Base64`, alone or beside `null` and `undefined`. */
const conversion = (type: string): TypescriptParameter['convert'] => {
  const names = type
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'null' && part !== 'undefined');
  if (names.length !== 1) return undefined;
  if (names[0] === 'Date') return 'date';
  return names[0] === 'bytes' || names[0] === 'Uint8Array' || names[0] === 'Buffer' ? 'bytes' : undefined;
};

/** Splits at a character that stands outside all brackets; `=>`, `==` and the like are no `=`. */
const split = (text: string, at: ',' | ':' | '='): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if ('([{<'.includes(char)) depth += 1;
    if (')]}'.includes(char) || (char === '>' && text[index - 1] !== '=')) depth -= 1;
    if (char !== at || depth !== 0 || (at === '=' && /[=>]/.test(text[index + 1] ?? ''))) continue;
    parts.push(text.slice(start, index));
    start = index + 1;
  }
  return [...parts, text.slice(start)];
};

const closing = (plain: string, open: number): number | undefined => {
  const stack: string[] = [];
  for (let index = open; index < plain.length; index += 1) {
    const char = plain[index] ?? '';
    const closer = CLOSERS[char];
    if (closer !== undefined) stack.push(closer);
    else if (char === stack.at(-1)) stack.pop();
    if (stack.length === 0) return index;
  }
  return undefined;
};

const NOT_CODE =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;

/** The source with comments and the insides of strings blanked, so that brackets and commas in them do not count. */
const blank = (code: string): string =>
  code.replace(NOT_CODE, (found) =>
    found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : `''${' '.repeat(Math.max(0, found.length - 2))}`,
  );
