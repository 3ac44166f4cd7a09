import type { Standing } from '../access/standing.ts';
import { badRequest, Problem, unreachable } from '../model/errors.ts';
import { isJsonObject, type Json, parseSentJson } from '../model/json.ts';
import type { ValueReads } from './value-ports.ts';

/** So many references lead from one value to another at most. */
const CHAIN = 20;
/** And so many lists and objects stand in each other in what comes of them. */
const LEVELS = 500;
/** So many references are followed for one value, and so many characters of JSON come of them. */
const REFERENCES = 1_000;
const CHARACTERS = 2_000_000;

const REFERENCE = /^\$(var|jsonvar|res):(.*)$/s;
type Kind = 'var' | 'jsonvar' | 'res';

/** Told of each text that must not be shown, before it is in anybody's hands; `path` is the variable it comes from. */
export type OnSecret = (text: string, path: string) => void;

type Following = {
  reads: ValueReads;
  standing: Standing;
  onSecret: OnSecret;
  left: { references: number; characters: number };
};

/**
 * `value` with what its texts `$var:<path>`, `$jsonvar:<path>` and `$res:<path>` refer to, all the way, as far as `standing`
 * may read it. A reference is a whole text, never a part of one. Throws a Problem that names the way to what is missing,
 * forbidden, refers to itself, or is too much; `at` is the path that `value` stands at.
 */
export const interpolateResource = (
  reads: ValueReads,
  standing: Standing,
  value: Json,
  onSecret: OnSecret,
  at?: string,
): Promise<Json> => {
  const left = { references: REFERENCES, characters: CHARACTERS };
  return within({ reads, standing, onSecret, left }, value, at === undefined ? [] : [`$res:${at}`]);
};

const within = async (following: Following, value: Json, way: readonly string[], level = 0): Promise<Json> => {
  if (level > LEVELS)
    throw badRequest(`Bad request: what is referred to nests deeper than ${LEVELS} levels${reachedBy(way)}`);
  if (typeof value === 'string') {
    const [, kind, path = ''] = REFERENCE.exec(value) ?? [];
    return kind === 'var' || kind === 'jsonvar' || kind === 'res'
      ? referred(following, { kind, path }, way, level)
      : value;
  }
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) items.push(await within(following, item, way, level + 1));
    return items;
  }
  if (value === null || !isJsonObject(value)) return value;
  const entries: [string, Json][] = [];
  for (const [name, part] of Object.entries(value)) entries.push([name, await within(following, part, way, level + 1)]);
  return Object.fromEntries(entries);
};

const referred = async (
  following: Following,
  { kind, path }: { kind: Kind; path: string },
  way: readonly string[],
  level: number,
): Promise<Json> => {
  const name = `$${kind}:${path}`;
  if (way.includes(name)) throw badRequest(`Bad request: ${name} refers to itself: ${[...way, name].join(' -> ')}`);
  if (way.length >= CHAIN)
    throw badRequest(`Bad request: more than ${CHAIN} references follow one another: ${[...way, name].join(' -> ')}`);
  following.left.references -= 1;
  if (following.left.references < 0)
    throw badRequest(`Bad request: more than ${REFERENCES} references are to be followed${reachedBy(way)}`);
  const found = await lookUp(following, kind, path).catch((error: unknown) => {
    if (error instanceof Problem) throw new Problem(error.status, `${error.message}${reachedBy(way)}`);
    throw error;
  });
  following.left.characters -= JSON.stringify(found).length;
  if (following.left.characters < 0)
    throw badRequest(`Bad request: what is referred to is longer than ${CHARACTERS} characters${reachedBy(way)}`);
  return kind === 'res' ? within(following, found, [...way, name], level) : found;
};

const reachedBy = (way: readonly string[]): string => (way.length === 0 ? '' : ` (referred to by ${way.join(' -> ')})`);

/** Every text in a value. */
const textsIn = (value: Json): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};

const lookUp = async ({ reads, standing, onSecret }: Following, kind: Kind, path: string): Promise<Json> => {
  if (kind === 'res') return reads.resource(standing, path);
  const { value, is_secret } = await reads.variable(standing, path);
  if (is_secret) onSecret(value, path);
  switch (kind) {
    case 'var':
      return value;
    case 'jsonvar': {
      const parsed = parseSentJson(value);
      if (!parsed.ok) throw badRequest(`Bad request: variable ${path} is not JSON, which $jsonvar:${path} asks for`);
      if (is_secret) for (const text of textsIn(parsed.value)) onSecret(text, path);
      return parsed.value;
    }
    default:
      return unreachable(kind);
  }
};
