import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSWASMModule,
  shouldInterruptAfterDeadline,
} from 'quickjs-emscripten-core';
import { type Json, parseJson } from '../model/json.ts';

const MEMORY_BYTES = 16 * 1024 * 1024;
const STACK_BYTES = 256 * 1024;
const TIME_MS = 500;

let engine: Promise<QuickJSWASMModule> | undefined;

/** The engine is loaded by the first expression: half a megabyte that most functions never need. */
const quickjs = (): Promise<QuickJSWASMModule> => {
  engine ??= import('@jitl/quickjs-singlefile-mjs-release-sync').then((variant) =>
    newQuickJSWASMModuleFromVariant(variant.default),
  );
  return engine;
};

/** What an expression came to, or in one sentence why it came to nothing. */
export type Evaluated = { ok: true; value: Json } | { ok: false; reason: string };

/**
 * The value of a JavaScript expression over `scope`, in an engine of its own that knows nothing else: no process, no files, no
 * network, 16 MiB and half a second. Never throws; a value that is no JSON counts as null.
 */
export const evaluate = async (expression: string, scope: Record<string, Json>): Promise<Evaluated> => {
  const runtime = (await quickjs()).newRuntime();
  runtime.setMemoryLimit(MEMORY_BYTES);
  runtime.setMaxStackSize(STACK_BYTES);
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + TIME_MS));
  const context = runtime.newContext();
  try {
    const names = Object.keys(scope);
    const code = `JSON.stringify(((${names.join()}) => (${expression}\n))(...${JSON.stringify(Object.values(scope))}))`;
    const outcome = context.evalCode(code, 'expression.js');
    if (outcome.error !== undefined) {
      const error: unknown = context.dump(outcome.error);
      outcome.error.dispose();
      return { ok: false, reason: reasonOf(error) };
    }
    const text: unknown = context.dump(outcome.value);
    outcome.value.dispose();
    const json = parseJson(typeof text === 'string' ? text : 'null');
    return json.ok ? { ok: true, value: json.value } : { ok: false, reason: json.reason };
  } finally {
    context.dispose();
    runtime.dispose();
  }
};

const reasonOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const { name, message } = { name: 'Error', message: '', ...error };
  return message === 'interrupted' ? `it ran longer than ${TIME_MS} ms` : `${name}: ${message}`;
};
