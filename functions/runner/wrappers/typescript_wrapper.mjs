// Runs the user's main.ts on bun or Node: started in the job's folder, reads call.json, leaves .outcome.
// Plain JavaScript, nothing imported but the file system: its load time is part of every job.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const folder = process.cwd();
const exit = process.exit.bind(process);
let over = false;

const leave = (kind, json) => {
  if (over) return;
  over = true;
  const peakKb = Math.round(process.resourceUsage().maxRSS);
  writeFileSync(`${folder}/.outcome.part`, `${kind} ${peakKb}\n${json}`, { mode: 0o600 });
  renameSync(`${folder}/.outcome.part`, `${folder}/.outcome`);
};

const base64 = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

// JSON.stringify asks toJSON first, so `holder[key]` is the value as the user made it.
function jsonable(key, value) {
  const own = this[key];
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (own instanceof Uint8Array) return base64(own);
  if (own instanceof ArrayBuffer) return base64(new Uint8Array(own));
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}

const toJson = (value) => {
  try {
    return JSON.stringify(value, jsonable) ?? 'null';
  } catch (error) {
    if (over) throw error;
    throw Object.assign(new TypeError(`The result cannot be written as JSON: ${error?.message ?? error}`), {
      stack: '',
    });
  }
};

const isOurs = (line) => /typescript_wrapper\.mjs|processTicksAndRejections|node:internal|\(native/.test(line);

// What bun throws when it cannot parse a file: one BuildMessage, or several in an AggregateError.
const unparsable = (error) => {
  const found = (Array.isArray(error.errors) ? error.errors : [error]).filter(({ position }) => position?.file);
  const lines = found.map(({ message, position: { file, line, column, lineText } }) => {
    const name = file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file;
    return `${name}:${line}:${column}: ${message}\n    ${lineText}`;
  });
  return lines.length === 0 ? undefined : { name: 'SyntaxError', message: lines.join('\n'), stack: '' };
};

const described = (error) => {
  if (typeof error !== 'object' || error === null) return { name: 'Error', message: String(error) };
  const syntax = unparsable(error);
  if (syntax !== undefined) return syntax;
  const message = typeof error.message === 'string' ? error.message : toJsonOr(error, String(error));
  const stack = typeof error.stack === 'string' ? error.stack.split('\n').filter((line) => !isOurs(line)) : [];
  const described = {
    name: String(error.name ?? 'Error'),
    message,
    stack: stack.join('\n').replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, ''),
  };
  for (const key of Object.keys(error)) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'toString') continue;
    const json = toJsonOr(error[key], undefined);
    if (json !== undefined && json.length < 65536) described[key] = JSON.parse(json);
  }
  return described;
};

const toJsonOr = (value, other) => {
  try {
    return JSON.stringify(value, jsonable) ?? other;
  } catch {
    return other;
  }
};

const fail = (error) => {
  let told;
  try {
    told = described(error);
  } catch {
    told = { name: 'Error', message: 'An error was thrown that cannot be described' };
  }
  if (!over) console.error(told.stack || `${told.name}: ${told.message}`);
  leave('failure', JSON.stringify(told));
  exit(1);
};

const converted = (value, how) => {
  if (typeof value !== 'string' || how === undefined) return value;
  return how === 'date' ? new Date(value) : new Uint8Array(Buffer.from(value, 'base64'));
};

const positional = ({ parameters, args }) => {
  if (parameters === null) return Object.values(args);
  const named = new Set(parameters.filter(({ kind }) => kind === 'plain').map(({ name }) => name));
  const others = Object.keys(args).filter((name) => !named.has(name));
  return parameters.flatMap(({ name, kind, convert }, index) => {
    if (kind === 'plain') return [Object.hasOwn(args, name) ? converted(args[name], convert) : undefined];
    if (kind === 'rest') return Array.isArray(args[name]) ? args[name] : others.splice(0).map((other) => args[other]);
    if (Object.hasOwn(args, `anon${index + 1}`)) return [args[`anon${index + 1}`]];
    if (parameters.length === 1) return [args];
    const next = others.shift();
    return [next === undefined ? undefined : args[next]];
  });
};

const say = console.log.bind(console);
const stream = (item) => say(`WM_STREAM: ${(typeof item === 'string' ? item : toJson(item)).replaceAll('\n', '\\n')}`);

// The items of a generator are streamed as they come when the first one is text; other items make a list.
const collected = async (result) => {
  if (typeof result !== 'object' || result === null) return result;
  const isAsync = typeof result[Symbol.asyncIterator] === 'function';
  const isSync = typeof result.next === 'function' && typeof result[Symbol.iterator] === 'function';
  if (!isAsync && !isSync) return result;
  let items;
  let begun = false;
  for await (const item of result) {
    if (!begun && typeof item !== 'string') items = [];
    begun = true;
    if (items === undefined) stream(item);
    else items.push(item);
  }
  return items;
};

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
const call = JSON.parse(readFileSync(`${folder}/call.json`, 'utf8'));
try {
  const module = await import(`${folder}/main.ts`);
  const main = module[call.entrypoint] ?? (call.entrypoint === 'main' ? module.default : undefined);
  if (typeof main !== 'function') {
    const message = `The script exports no function named "${call.entrypoint}". Add \`export async function ${call.entrypoint}() { ... }\`.`;
    throw Object.assign(new Error(message), { name: 'NoMain', stack: '' });
  }
  leave('success', toJson(await collected(await main(...positional(call)))));
  exit(0);
} catch (error) {
  fail(error);
}
