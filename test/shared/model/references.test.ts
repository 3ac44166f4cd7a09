import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasReferences, referencesIn } from '../../../shared/model/references.ts';

const found = (json: string) => referencesIn(json).map(({ at, text }) => `${at} = ${text}`);

describe('references among arguments', () => {
  it('are found at the top and in two objects or arrays', () => {
    const args = {
      a: '$var:u/a/x',
      b: { c: ['x', '$res:f/b/y'], d: { e: '$var:too/deep/not', f: ['$var:f/deep/er'] } },
      'a "key"': ['$jsonvar:g/c/z', '$encrypted:abc'],
    };
    expect(found(JSON.stringify(args))).toEqual([
      'a = $var:u/a/x',
      'b.c[1] = $res:f/b/y',
      'b.d.e = $var:too/deep/not',
      'a "key"[0] = $jsonvar:g/c/z',
      'a "key"[1] = $encrypted:abc',
    ]);
  });

  it('are found however they are written, and not in keys, parts of texts or other words', () => {
    expect(found('{"a": "\\u0024var:x", "$var:k" : 1, "b":" $var:x", "c": "$variable:x", "d": "\\"$var:x"}')).toEqual([
      'a = $var:x',
    ]);
    expect(hasReferences('{"$var:k":"$","b":["$$var:x"]}')).toBe(false);
    expect(found('{}')).toEqual([]);
  });

  it('are not looked for in arrays of more than 1,000 items', () => {
    const of = (length: number) => JSON.stringify({ list: Array.from({ length }, () => '$var:x'), after: '$var:y' });
    expect(referencesIn(of(1_000))).toHaveLength(1_001);
    expect(found(of(1_001))).toEqual(['after = $var:y']);
  });

  it('are the same as in the value, whatever else is there, and their places are exact', () => {
    const leaf = fc.oneof(
      fc.constantFrom('$var:a', '$res:b"\\', '$encrypted:', '$', 'x$var:a'),
      fc.string(),
      fc.double(),
      fc.constant(null),
      fc.boolean(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    const expected = (of: unknown, depth: number): string[] => {
      if (typeof of === 'string') return /^\$(var|res|encrypted):/.test(of) ? [of] : [];
      if (typeof of !== 'object' || of === null || depth === 3) return [];
      return Object.values(of).flatMap((item) => expected(item, depth + 1));
    };
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), value, { noNullPrototype: true }),
        fc.constantFrom(0, 2),
        (args, indent) => {
          const json = JSON.stringify(args, undefined, indent);
          const references = referencesIn(json);
          expect(references.map(({ text }) => text)).toEqual(expected(args, 0));
          for (const { from, to, text } of references) expect(JSON.parse(json.slice(from, to))).toBe(text);
        },
      ),
    );
  });
});
