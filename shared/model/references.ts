/** A string among a job's arguments that stands for something else. `from` and `to` are its place in the JSON text. */
export type Reference = {
  from: number;
  to: number;
  /** `$var:...`, `$jsonvar:...`, `$res:...` or `$encrypted:...`, unescaped. */
  text: string;
  /** Where it stands, as a reader would write it: `db.hosts[3]`. */
  at: string;
};

const REFERENCE = /^\$(?:var|jsonvar|res|encrypted):/;
/** How a reference may begin in JSON: `$` or its escape. */
const BEGIN = /^"(?:\$|\\u0024)/;
/** A reference stands in at most so many objects and arrays: the arguments, and two more (reference 2.6). */
const DEPTH = 3;
/** Longer arrays are not looked into. */
const LONGEST_ARRAY = 1_000;

type Container = {
  /** How many references were found before it. */
  before: number;
  /** The key or number of the value that comes next. */
  key: string | number;
  /** In an object, before the colon. */
  names: boolean;
};

/**
 * The references in a text that is known to be JSON, in order. Reads the text rather than a value, so that whoever
 * replaces them leaves every other character, and so every number, as it was. Linear.
 */
export const referencesIn = (json: string): Reference[] => {
  const found: Reference[] = [];
  const open: Container[] = [];
  for (let index = 0; index < json.length; index += 1) {
    const inner = open.at(-1);
    switch (json[index]) {
      case '{':
        open.push({ before: found.length, key: '', names: true });
        break;
      case '[':
        open.push({ before: found.length, key: 0, names: false });
        break;
      case ',':
        if (typeof inner?.key === 'number') inner.key += 1;
        else if (inner !== undefined) inner.names = true;
        break;
      case ':':
        if (inner !== undefined) inner.names = false;
        break;
      case ']':
        if (typeof inner?.key === 'number' && inner.key >= LONGEST_ARRAY) found.length = inner.before;
        open.pop();
        break;
      case '}':
        open.pop();
        break;
      case '"': {
        const to = endOfString(json, index);
        const shallow = inner !== undefined && open.length <= DEPTH;
        if (shallow && inner.names) inner.key = textOf(json.slice(index, to));
        else if (shallow && BEGIN.test(json.slice(index, index + 7))) {
          const text = textOf(json.slice(index, to));
          if (REFERENCE.test(text)) found.push({ from: index, to, text, at: placeOf(open) });
        }
        index = to - 1;
        break;
      }
      default:
        break;
    }
  }
  return found;
};

/** Whether a JSON text holds any: a look for their beginning first, which nearly all arguments end with. */
export const hasReferences = (json: string): boolean =>
  (json.includes('"$') || json.includes('"\\u0024')) && referencesIn(json).length > 0;

/** After the quote that ends the string which begins at `from`. */
const endOfString = (json: string, from: number): number => {
  for (let quote = json.indexOf('"', from + 1); quote !== -1; quote = json.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (json[quote - 1 - escapes] === '\\') escapes += 1;
    if (escapes % 2 === 0) return quote + 1;
  }
  return json.length;
};

const textOf = (literal: string): string => {
  const text: unknown = JSON.parse(literal);
  return typeof text === 'string' ? text : '';
};

const placeOf = (open: readonly Container[]): string =>
  open.map(({ key }, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
