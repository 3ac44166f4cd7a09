import { describe, expect, it } from 'vitest';
import { parseSentJson } from '../../../shared/model/json.ts';
import { JsonScan } from '../../../shared/model/json-scan.ts';

const scan = (text: string | Uint8Array, size = Number.POSITIVE_INFINITY) => {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const scanned = new JsonScan();
  for (let at = 0; at < bytes.length; at += size) scanned.push(bytes.subarray(at, Math.min(bytes.length, at + size)));
  return scanned.end();
};

const GOOD = [
  '{}',
  '[]',
  ' { "a" : [ 1 , -0 , 0.5 , 1e9 , 1E-7 , 12.25e+3 , true , false , null ] , "b\\"\\u00fC\\\\" : { } }\n',
  '"ü 𝄞 \\n"',
  '12345678901234567890',
  '-0',
  '[[[]],[{}]]',
  'null',
];
const BAD = [
  '',
  ' ',
  '{',
  '[1,]',
  '[,1]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{a:1}',
  '{1:2}',
  '01',
  '-',
  '1.',
  '.5',
  '1e',
  '1e+',
  '+1',
  '--1',
  'tru',
  'truee',
  'nul',
  'NaN',
  'Infinity',
  '"a',
  '"\\x"',
  '"\\u12g4"',
  '"a\nb"',
  '[1}',
  '{"a":1]',
  '[1 2]',
  '{} {}',
  ']',
  "'a'",
  '1 ,',
  ':',
];

describe('a scan of JSON', () => {
  it('agrees with JSON.parse, however the text is cut', () => {
    for (const text of [...GOOD, ...BAD])
      for (const size of [1, 2, 3, 1000])
        expect([text, size, scan(text, size).ok]).toEqual([text, size, parseSentJson(text).ok]);
  });

  it('agrees with JSON.parse on texts that are damaged at any place', () => {
    const text = GOOD[2] ?? '';
    for (let at = 0; at < text.length; at += 1)
      for (const put of ['', ',', '"', '}', ']', '0', 'e', '.', '\\', ':', '-', '\t']) {
        const damaged = text.slice(0, at) + put + text.slice(at + 1);
        expect([damaged, scan(damaged, 7).ok]).toEqual([damaged, parseSentJson(damaged).ok]);
      }
  });

  it('says where it stops being JSON', () => {
    expect(scan('{"a":1,}')).toEqual({ ok: false, reason: 'unexpected "}" at byte 7' });
    expect(scan('[1')).toEqual({ ok: false, reason: 'it ends too early, at byte 2' });
  });

  it('tells an object from what is none', () => {
    expect(scan(' {"a":[]}')).toEqual({ ok: true, object: true });
    for (const text of ['[{}]', '"{}"', '1']) expect(scan(text)).toEqual({ ok: true, object: false });
  });

  it('refuses what is not UTF-8, a byte order mark, and what nests deeper than 500 levels', () => {
    expect(scan(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toEqual({ ok: false, reason: 'it is not UTF-8 text' });
    expect(scan(Uint8Array.of(0x22, 0xc3)).ok).toBe(false);
    expect(scan('\uFEFF{}').ok).toBe(false);
    expect(scan('['.repeat(500) + ']'.repeat(500)).ok).toBe(true);
    expect(scan('['.repeat(501) + ']'.repeat(501))).toMatchObject({ reason: 'it nests deeper than 500 levels' });
  });
});
