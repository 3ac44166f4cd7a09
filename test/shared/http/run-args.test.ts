import { describe, expect, test } from 'vitest';
import { argsOf } from '../../../shared/http/run-args.ts';

type Query = Parameters<typeof argsOf>[1];

const read = async (...given: Parameters<typeof argsOf>) => (await argsOf(...given)).args;
const posted = (body: string | Uint8Array, type?: string, raw: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { ...(type === undefined ? {} : { 'content-type': type }), 'x-request-id': '7', 'x-other': 'o' },
  query: raw,
  body: Buffer.from(body),
});
const post = (body: string | Uint8Array, type?: string, query: Query = {}, raw: Record<string, string> = {}) =>
  read(posted(body, type, raw), query);
const get = (query: Query, raw: Record<string, string> = {}) =>
  read({ method: 'GET', headers: {}, query: raw, body: Buffer.alloc(0) }, query);
const base64 = (text: string): string => Buffer.from(text).toString('base64url');

const multipart = (...parts: string[]): string =>
  `${parts.map((part) => `--b\r\nContent-Disposition: form-data; ${part}`).join('\r\n')}\r\n--b--\r\n`;

describe('a posted body', () => {
  test('that is an object is kept as text, unless something is added to it', async () => {
    const text = '{"n": 12345678901234567890, "__proto__": 1}';
    expect((await argsOf(posted(text), {})).argsText).toBe(text);
    expect((await argsOf(posted(text), { raw: true })).argsText).toBeUndefined();
    expect((await argsOf(posted('[1]'), {})).argsText).toBeUndefined();
  });

  test('a JSON object gives the arguments as they are', async () => {
    expect(await post('{"name":"x","unknown":1}', 'application/json; charset=utf-8')).toEqual({
      name: 'x',
      unknown: 1,
    });
    expect(await post('{"a":1}', 'application/cloudevents+json')).toEqual({ a: 1 });
    expect(await post('{"a":1}')).toEqual({ a: 1 });
  });

  test('other JSON becomes the argument body', async () => {
    expect(await post('[1,2]', 'application/json')).toEqual({ body: [1, 2] });
    expect(await post('null', 'application/json')).toEqual({ body: null });
    expect(await post('"text"', 'application/json')).toEqual({ body: 'text' });
  });

  test('an empty one gives no arguments', async () => {
    expect(await post('', 'application/json')).toEqual({});
  });

  test('forms give strings', async () => {
    expect(await post('a=1&b=x+y&b=z', 'application/x-www-form-urlencoded')).toEqual({ a: '1', b: 'z' });
    const form = multipart('name="a"\r\n\r\n1', 'name="b"\r\n\r\ntwo\nlines');
    expect(await post(form, 'multipart/form-data; boundary=b')).toEqual({ a: '1', b: 'two\nlines' });
  });

  test('any other type gives the text', async () => {
    expect(await post('<a/>', 'text/xml')).toEqual({ raw_string: '<a/>' });
  });

  test('wrap_body and raw do what they say', async () => {
    expect(await post('{"a":1}', 'application/json', { wrap_body: true })).toEqual({ body: { a: 1 } });
    expect(await post('{"a": 1}', 'application/json', { raw: true })).toEqual({ a: 1, raw_string: '{"a": 1}' });
  });

  test('named headers and query values are added, and win over fields of the body', async () => {
    const query = { include_header: 'X-Request-Id,missing', include_query: 'q' };
    const args = await post('{"x_request_id":"forged","a":1}', 'application/json', query, { q: 'v', other: 'w' });
    expect(args).toEqual({ a: 1, x_request_id: '7', q: 'v' });
  });

  test('__proto__ is a name like any other', async () => {
    const args = await post('{"__proto__":{"admin":true}}', 'application/json');
    expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
    expect(Object.hasOwn(args, '__proto__')).toBe(true);
  });

  test.each([
    ['JSON cut short', '{"a":', 'application/json', 'body is not JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'application/json', 'body is not UTF-8'],
    ['a form without boundary', 'x', 'multipart/form-data', 'body is no multipart form'],
    [
      'a form cut short',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
      'multipart/form-data; boundary=b',
      'body is no multipart form',
    ],
    [
      'a file',
      multipart('name="f"; filename="f.txt"\r\n\r\nx'),
      'multipart/form-data; boundary=b',
      'field f is a file',
    ],
  ])('%s is a 400 that says so', async (_, body, type, message) => {
    await expect(post(body, type)).rejects.toMatchObject({ status: 400, message: expect.stringContaining(message) });
  });
});

describe('a GET', () => {
  test('takes url-safe base64 of JSON as payload', async () => {
    expect(await get({ payload: base64('{"a":"ü?>"}') })).toEqual({ a: 'ü?>' });
    expect(await get({ payload: base64('[1]') })).toEqual({ body: [1] });
    expect(await get({})).toEqual({});
    expect(await get({ include_query: 'a' }, { a: '1' })).toEqual({ a: '1' });
  });

  test('a payload that is no JSON is a 400 that names it', async () => {
    await expect(get({ payload: '%%%' })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('payload'),
    });
  });
});
