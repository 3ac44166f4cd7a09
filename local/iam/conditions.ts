import { matchesArn, matchesWildcard } from './wildcard.ts';

/** Condition keys of one request; a key that the request does not carry is absent, not empty. */
export type Context = Record<string, string[]>;

type Operator = { negated: boolean; matches: (wanted: string, actual: string) => boolean };

const number = (compare: (actual: number, wanted: number) => boolean) => (wanted: string, actual: string) =>
  compare(Number(actual), Number(wanted));

const same = (wanted: string, actual: string): boolean => wanted === actual;
const sameIgnoringCase = (wanted: string, actual: string): boolean => wanted.toLowerCase() === actual.toLowerCase();

const operators: Record<string, Operator> = {
  StringEquals: { negated: false, matches: same },
  StringNotEquals: { negated: true, matches: same },
  StringEqualsIgnoreCase: { negated: false, matches: sameIgnoringCase },
  StringNotEqualsIgnoreCase: { negated: true, matches: sameIgnoringCase },
  StringLike: { negated: false, matches: (wanted, actual) => matchesWildcard(wanted, actual) },
  StringNotLike: { negated: true, matches: (wanted, actual) => matchesWildcard(wanted, actual) },
  ArnEquals: { negated: false, matches: matchesArn },
  ArnLike: { negated: false, matches: matchesArn },
  ArnNotEquals: { negated: true, matches: matchesArn },
  ArnNotLike: { negated: true, matches: matchesArn },
  Bool: { negated: false, matches: sameIgnoringCase },
  NumericEquals: { negated: false, matches: number((actual, wanted) => actual === wanted) },
  NumericNotEquals: { negated: true, matches: number((actual, wanted) => actual === wanted) },
  NumericLessThan: { negated: false, matches: number((actual, wanted) => actual < wanted) },
  NumericLessThanEquals: { negated: false, matches: number((actual, wanted) => actual <= wanted) },
  NumericGreaterThan: { negated: false, matches: number((actual, wanted) => actual > wanted) },
  NumericGreaterThanEquals: { negated: false, matches: number((actual, wanted) => actual >= wanted) },
};

type Parsed = { set: 'all' | 'any' | 'single'; ifExists: boolean; name: string };

const parseOperator = (text: string): Parsed => {
  const [prefix, rest] = text.includes(':')
    ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]
    : ['', text];
  const set = prefix === 'ForAllValues' ? 'all' : prefix === 'ForAnyValue' ? 'any' : 'single';
  const ifExists = rest.endsWith('IfExists');
  return { set, ifExists, name: ifExists ? rest.slice(0, -'IfExists'.length) : rest };
};

/** False for an operator this evaluator does not know: a policy that uses one must not be loaded. */
export const isKnownOperator = (text: string): boolean => {
  const { name } = parseOperator(text);
  return (
    (!text.includes(':') || /^For(All|Any)Values?:/.test(text)) && (name === 'Null' || Object.hasOwn(operators, name))
  );
};

const valuesOf = (context: Context, key: string): string[] | undefined => {
  const exact = context[key];
  if (exact !== undefined) return exact;
  const lower = key.toLowerCase();
  for (const [name, values] of Object.entries(context)) if (name.toLowerCase() === lower) return values;
  return undefined;
};

const holds = (parsed: Parsed, wanted: string[], actual: string[] | undefined): boolean => {
  if (parsed.name === 'Null') return wanted.includes(String(actual === undefined));
  const operator = operators[parsed.name];
  if (operator === undefined) throw new Error(`IAM condition operator ${parsed.name} is not known to the local cloud`);
  const passes = (value: string): boolean => wanted.some((want) => operator.matches(want, value)) !== operator.negated;
  if (parsed.set === 'all') return (actual ?? []).every(passes);
  if (parsed.set === 'any') return (actual ?? []).some(passes);
  if (actual === undefined || actual.length === 0) return parsed.ifExists || operator.negated;
  return actual.every(passes);
};

/** True when every operator and every key holds. Throws for an operator that is not known. */
export const conditionHolds = (condition: Record<string, Record<string, string[]>>, context: Context): boolean =>
  Object.entries(condition).every(([operator, keys]) => {
    const parsed = parseOperator(operator);
    return Object.entries(keys).every(([key, wanted]) => holds(parsed, wanted, valuesOf(context, key)));
  });
