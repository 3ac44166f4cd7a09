import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from '../../../shared/model/masking.ts';

/** Everything but asterisks, of which masks are made; line ends, quotes, escapes, and characters of two UTF-16 units. */
const unit = fc.oneof(
  fc.constantFrom(...'ab12+/=%\\"\'\n\r\t {}-_.~é€🚂\u0007\u007f'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((char) => !char.includes('*')),
);
const secret = fc
  .array(unit, { minLength: 8, maxLength: 40 })
  .map((units) => units.join(''))
  .filter((text) => text.isWellFormed());
const around = fc.array(unit, { maxLength: 30 }).map((units) => units.join(''));
const cuts = fc.array(fc.nat(400), { maxLength: 12 });

const pieces = (text: string, at: number[]): string[] => {
  const ends = [...new Set(at.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
};

const masked = (secrets: string[], text: string, at: number[] = []): string => {
  const masker = new Masker(secrets);
  const out = pieces(text, at).map((piece) => masker.push(piece));
  return out.join('') + masker.ending('').text;
};

const maskText = (secrets: string[], text: string): string => masked(secrets, text);

const asciiJson = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

const ENCODINGS: Record<string, (text: string) => string> = {
  plain: (text) => text,
  json: (text) => JSON.stringify(text).slice(1, -1),
  'json in ASCII': asciiJson,
  encodeURIComponent: (text) => encodeURIComponent(text),
  'a query': (text) => new URLSearchParams({ x: text }).toString().slice(2),
};

describe('a masker', () => {
  it.each(Object.entries(ENCODINGS))('lets no secret through in the form %s, however the text is cut', (_, encode) => {
    fc.assert(
      fc.property(secret, around, around, cuts, (text, before, after, at) => {
        expect(masked([text], before + encode(text) + after, at)).not.toContain(encode(text));
      }),
    );
  });

  it('lets no secret through that can be read from base64, wherever it stands in it', () => {
    fc.assert(
      fc.property(
        secret,
        around,
        around,
        cuts,
        fc.constantFrom('base64' as const, 'base64url' as const),
        (text, before, after, at, encoding) => {
          const encoded = Buffer.from(before + text + after).toString(encoding);
          const out = masked([text], `x ${encoded} y`, at);
          expect(Buffer.from(out, 'base64').toString()).not.toContain(text);
          expect(out).toContain('*****');
        },
      ),
    );
  });

  it('lets none of several secrets through when they overlap or hold each other', () => {
    const small = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 12 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 80 });
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 4 }), text, cuts, (secrets, whole, at) => {
        const out = masked(secrets, whole, at);
        expect(out).toBe(masked(secrets, whole));
        for (const one of secrets) expect(out).not.toContain(one);
      }),
    );
  });

  it('leaves a text without secrets as it is', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 3 }), around, cuts, (secrets, text, at) => {
        fc.pre(text.length < 8);
        expect(masked(secrets, text, at)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), cuts, (text, at) => {
        expect(masked(['a secret that no such text holds', 'another of these \u{1f682}'], text, at)).toBe(text);
      }),
    );
  });

  it('takes new secrets at any moment, for all that it has not given out', () => {
    fc.assert(
      fc.property(secret, secret, around, fc.nat(100), (first, second, before, cut) => {
        const text = before + first + second;
        const masker = new Masker([first]);
        const at = Math.min(cut, before.length + first.length);
        let out = masker.push(text.slice(0, at));
        masker.add([second]);
        out += masker.push(text.slice(at));
        out += masker.ending('').text;
        expect(out).not.toContain(second);
        expect(out).not.toContain(first);
      }),
    );
  });

  it('shows the first three characters and keeps the rest of the line', () => {
    expect(maskText(['hunter2-and-more'], 'password=hunter2-and-more;\n')).toBe('password=hun*****;\n');
    expect(maskText(['hunter2-and-more'], 'aGVsbG8gaHVudGVyMi1hbmQtbW9yZQ== ok')).toBe('aGVsbG8gaHV***** ok');
    expect(maskText(['🚂🚃🚄🚅🚆🚇🚈🚉'], 'see 🚂🚃🚄🚅🚆🚇🚈🚉')).toBe('see 🚂🚃🚄*****');
  });

  it('masks each long line of a key of several lines', () => {
    const key = '-----BEGIN KEY-----\r\nMIIabcdefgh\r\nab\r\n-----END KEY-----\n';
    expect(maskText([key], 'I read:   MIIabcdefgh, ab')).toBe('I read:   MII*****, ab');
  });

  it('leaves secrets of less than 8 characters', () => {
    expect(maskText(['1234567'], '1234567')).toBe('1234567');
    expect(maskText(['12345678'], '12345678')).toBe('123*****');
  });

  it('gives out at once what cannot be the beginning of a secret, and holds back no more than what can', () => {
    const masker = new Masker(['hunter2-and-more']);
    expect(masker.push('waiting for hun')).toBe('waiting for ');
    expect(masker.push('dred years')).toBe('hundred years');
    expect(masker.ending('')).toEqual({ text: '', masked: false });
  });

  it('tells an ending without ending, and again with more secrets', () => {
    const masker = new Masker(['hunter2-and-more']);
    masker.push('hunter2');
    expect(masker.ending(' is swordfish').text).toBe('hunter2 is swordfish');
    masker.add(['swordfish']);
    expect(masker.ending(' is swordfish')).toEqual({ text: 'hunter2 is swo*****', masked: true });
  });

  it('takes time linear in the text, whatever it holds', () => {
    const masker = new Masker(['a'.repeat(2_000), `${'ab'.repeat(4_000)}c`]);
    const startedAt = performance.now();
    let out = 0;
    for (let n = 0; n < 64; n += 1) out += masker.push('ab'.repeat(64 * 1024) + 'a'.repeat(1_999)).length;
    out += masker.ending('').text.length;
    expect(out).toBeGreaterThan(8 * 1024 * 1024);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
