import { badRequest } from './errors.ts';

/**
 * What an import leads to: a package of the registry (`version` empty when it names none, `rest` what follows, with its
 * slash), a script of the workspace, or what the runtime finds by itself.
 */
export type Specifier =
  | { kind: 'package'; name: string; version: string; rest: string }
  | { kind: 'script'; path: string }
  | { kind: 'other' };

/** What both runtimes have: undici and ws, which bun brings too, are packages to Node. */
const BUILTIN = new Set(
  `assert async_hooks buffer bun child_process cluster console constants crypto dgram diagnostics_channel dns domain events
  fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream
  string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib`.split(/\s+/),
);
const NAME = '(?:@[a-zA-Z0-9~][\\w.~-]*/)?[a-zA-Z0-9~][\\w.~-]*';
const PACKAGE = new RegExp(`^(${NAME})(?:@([^/]*))?(/.*)?$`);
const SCRIPT = /^\/?([uf]\/[^/]+\/.+)$/;
const PART = '(?:\\d+|[xX*])';
const COMPARATOR = `(?:[~^=]|[<>]=?)? *v?${PART}(?:\\.${PART}){0,2}(?:-[\\w.-]+)?(?:\\+[\\w.-]+)?`;
const RANGE = new RegExp(`^${COMPARATOR}(?:(?: +| *\\|\\| *| +- +)${COMPARATOR})*$`);
const TAG = /^[a-zA-Z][\w.-]*$/;
const LONGEST_NAME = 214;
const LONGEST_VERSION = 100;

/**
 * Reads what an import names. `path` is where the importing script stands; a script without one (a preview) has no relative
 * imports. Throws 400 that names the line of what cannot be read.
 */
export const readSpecifier = (written: string, line: number, path: string | undefined): Specifier => {
  if (/^\.{1,2}(?:\/|$)/.test(written)) return { kind: 'script', path: relative(written, line, path) };
  const script = SCRIPT.exec(written)?.[1];
  if (script !== undefined) return { kind: 'script', path: withoutExtension(normal(script.split('/'), line)) };
  const npm = written.replace(/^npm:/, '');
  if (/^[a-zA-Z][\w+.-]*:|^[/#]/.test(npm)) return { kind: 'other' };
  return packageIn(npm, line);
};

const packageIn = (written: string, line: number): Specifier => {
  const [, name, version, rest = ''] = PACKAGE.exec(written) ?? [];
  if (name === undefined || name.length > LONGEST_NAME)
    throw badRequest(`line ${line}: \`${written}\` is not the name of an npm package`);
  if (version === undefined && BUILTIN.has(name)) return { kind: 'other' };
  if (version !== undefined && !isVersion(version))
    throw badRequest(`line ${line}: \`${written}\`: \`${version}\` is not a version such as 1.2.3, ^2 or latest`);
  return { kind: 'package', name, version: version?.trim() ?? '', rest };
};

const isVersion = (text: string): boolean =>
  text.length <= LONGEST_VERSION && (RANGE.test(text.trim()) || TAG.test(text.trim()));

const relative = (written: string, line: number, path: string | undefined): string => {
  if (path === undefined)
    throw badRequest(
      `line ${line}: \`${written}\` is relative, and this script has no path; name the other script as /f/folder/name`,
    );
  return withoutExtension(normal([...path.split('/').slice(0, -1), ...written.split('/')], line));
};

const normal = (steps: string[], line: number): string => {
  const found: string[] = [];
  for (const step of steps) {
    if (step === '..' && found.pop() === undefined)
      throw badRequest(`line ${line}: the relative import leads out of the workspace`);
    if (step !== '' && step !== '.' && step !== '..') found.push(step);
  }
  return found.join('/');
};

const withoutExtension = (path: string): string => path.replace(/(?:\.(?:bun|deno|fetch))?\.[mc]?[tj]s$/, '');
