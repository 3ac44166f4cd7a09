import { z } from 'zod';

/** The names that an expression of a flow may use, beside `variable()` and `resource()`. */
export const ScopeName = z.enum([
  'flow_input',
  'results',
  'flow_env',
  'previous_result',
  'result',
  'error',
  'resume',
  'resumes',
  'approvers',
]);
export type ScopeName = z.infer<typeof ScopeName>;

/** What an expression names, read from its text: so that only that has to be fetched. */
export type Named = {
  /** Whether a name occurs at all. */
  has: (name: string) => boolean;
  /** Ids of steps named as `results.<id>` or `results['<id>']`; undefined: `results` is used otherwise. */
  results: string[] | undefined;
  /** Paths given as literals to `variable('...')` and `resource('...')`. */
  variables: string[];
  resources: string[];
};

const STEP = /\bresults(?:\s*\?)?(?:\s*\.\s*([A-Za-z_$][\w$]*)|\.?\[\s*(['"])([\w-]+)\2\s*\])/g;
const literals = (expr: string, name: string): string[] =>
  [...expr.matchAll(new RegExp(`\\b${name}\\(\\s*(['"\`])([^'"\`]+)\\1\\s*\\)`, 'g'))].flatMap(
    ([, , path]) => path ?? [],
  );

export const namesIn = (expr: string): Named => {
  const steps = [...expr.matchAll(STEP)].map(([, dotted, , quoted]) => dotted ?? quoted ?? '');
  const uses = expr.match(/\bresults\b/g)?.length ?? 0;
  return {
    has: (name) => new RegExp(`(?<![\\w$.])${name}\\b`).test(expr),
    results: steps.length === uses ? [...new Set(steps)] : undefined,
    variables: literals(expr, 'variable'),
    resources: literals(expr, 'resource'),
  };
};

const PATH = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|(?:\?\.)?\[(?:\d+|'[^'\\]*'|"[^"\\]*")\])*$/;
const LITERALS = ['true', 'false', 'null', 'undefined', 'NaN', 'Infinity', 'this'];

/** The names of a path such as `results.a.b[0]["c"]`; undefined: it is more than a path, and takes an engine. */
export const simplePath = (expr: string): string[] | undefined => {
  const text = expr.trim().replace(/;$/, '');
  if (!PATH.test(text)) return undefined;
  const names = [...text.matchAll(/[A-Za-z_$][\w$]*|\[(?:(\d+)|'([^']*)'|"([^"]*)")\]/g)].map(
    ([name, index, single, double]) => index ?? single ?? double ?? name,
  );
  return LITERALS.includes(names[0] ?? '') || names.includes('length') ? undefined : names;
};
