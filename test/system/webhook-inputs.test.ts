import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Millrace } from './millrace.ts';

let millrace: Millrace;
beforeAll(async () => {
  millrace = await Millrace.start();
  await millrace.workspace();
  await millrace.script('f/demo/echo', 'python3', 'def main(**kwargs):\n    return kwargs\n');
}, 60_000);
afterAll(() => millrace.stop());

type Sent = { query?: string; type?: string | null; body?: string | Uint8Array; headers?: Record<string, string> };

/** What the script is called with when its webhook gets this; bytes, so that nothing but the test says the content type. */
const received = async ({ query = '', type = 'application/json', body, headers = {} }: Sent): Promise<unknown> => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const response = await fetch(`${millrace.url}/api/w/demo/jobs/run_wait_result/p/f/demo/echo?${query}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${millrace.token}`,
      ...(type === null ? {} : { 'content-type': type }),
      ...headers,
    },
    ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text);
};

const FORM = 'application/x-www-form-urlencoded';
const multipart = (fields: Record<string, string>): { type: string; body: string } => ({
  type: 'multipart/form-data; boundary=xyz',
  body: `${Object.entries(fields)
    .map(([name, value]) => `--xyz\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('')}--xyz--\r\n`,
});
const payload = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a webhook makes arguments', () => {
  it.each<[string, Sent, unknown]>([
    ['of a JSON object', { body: '{"a":1,"b":[null,"ü"]}' }, { a: 1, b: [null, 'ü'] }],
    ['of JSON without a content type', { type: null, body: '{"a":1}' }, { a: 1 }],
    ['of JSON of another name', { type: 'application/vnd.x+json; charset=utf-8', body: '{"a":1}' }, { a: 1 }],
    ['of an array, under body', { body: '[1,2]' }, { body: [1, 2] }],
    ['of a text, under body', { body: '"x"' }, { body: 'x' }],
    ['of a number, under body', { body: '3' }, { body: 3 }],
    ['of null, under body', { body: 'null' }, { body: null }],
    ['of nothing', {}, {}],
    ['of nothing that is called JSON', { body: '' }, {}],
    ['of an object under body when told to wrap', { query: 'wrap_body=true', body: '{"a":1}' }, { body: { a: 1 } }],
    [
      'with the text as it came when told raw',
      { query: 'raw=true', body: '{ "a" : 1 }' },
      { a: 1, raw_string: '{ "a" : 1 }' },
    ],
    ['with both', { query: 'raw=true&wrap_body=true', body: '[ 1 ]' }, { body: [1], raw_string: '[ 1 ]' }],
    [
      'with the headers asked for',
      {
        query: 'include_header=X-Signature,content-type,X-Missing',
        body: '{"a":1}',
        headers: { 'X-Signature': 's=1' },
      },
      { a: 1, x_signature: 's=1', content_type: 'application/json' },
    ],
    [
      'with the query values asked for',
      { query: 'include_query=tenant,b,missing&tenant=acme%20inc&b=2&c=3', body: '{"a":1}' },
      { a: 1, tenant: 'acme inc', b: '2' },
    ],
    [
      'with the header where a field of the body has its name',
      { query: 'include_header=X-Id', body: '{"x_id":"forged"}', headers: { 'X-Id': 'real' } },
      { x_id: 'real' },
    ],
    ['of a form', { type: FORM, body: 'name=J%C3%BCrgen+K&n=1&empty=' }, { name: 'Jürgen K', n: '1', empty: '' }],
    ['of a form to be wrapped', { type: FORM, query: 'wrap_body=true', body: 'n=1' }, { body: { n: '1' } }],
    [
      'of a form with its text',
      { type: FORM, query: 'raw=true', body: 'n=1&m=2' },
      { n: '1', m: '2', raw_string: 'n=1&m=2' },
    ],
    [
      'of a multipart form',
      multipart({ name: 'Jürgen', text: 'two\r\nlines' }),
      { name: 'Jürgen', text: 'two\r\nlines' },
    ],
    ['of another content type, as text', { type: 'text/plain', body: 'hello\n' }, { raw_string: 'hello\n' }],
    ['of XML, as text', { type: 'application/xml; charset=utf-8', body: '<a>ü</a>' }, { raw_string: '<a>ü</a>' }],
  ])('%s', async (_what, sent, expected) => {
    expect(await received(sent)).toEqual(expected);
  });

  it('of the payload of a GET, queued or waited for', async () => {
    const query = `payload=${payload({ a: 'ü?>' })}&include_query=b&b=2`;
    expect(await millrace.json('GET', `/w/demo/jobs/run_wait_result/p/f/demo/echo?${query}`)).toEqual({
      a: 'ü?>',
      b: '2',
    });
    const id = await millrace.text('GET', `/w/demo/jobs/run/p/f/demo/echo?${query}`, 201);
    expect(await millrace.json('GET', `/w/demo/jobs_u/get_args/${id}`)).toEqual({ a: 'ü?>', b: '2' });
    expect((await millrace.completed(id)).result).toEqual({ a: 'ü?>', b: '2' });
  });

  it('of a payload that is no object, and of a GET without one', async () => {
    expect(await millrace.json('GET', `/w/demo/jobs/run_wait_result/p/f/demo/echo?payload=${payload([1])}`)).toEqual({
      body: [1],
    });
    expect(await millrace.json('GET', '/w/demo/jobs/run_wait_result/p/f/demo/echo')).toEqual({});
  });

  it('that a script of other parameters ignores, while the job keeps them', async () => {
    await millrace.script('f/demo/one', 'python3', 'def main(a: str):\n    return a\n');
    const id = await millrace.text('POST', '/w/demo/jobs/run/p/f/demo/one', 201, 'a=x&b=y', { 'content-type': FORM });
    expect(await millrace.completed(id)).toMatchObject({ success: true, result: 'x', args: { a: 'x', b: 'y' } });
  });

  it('larger than an item of the table, unchanged', async () => {
    const text = 'ü'.repeat(600_000);
    expect(await received({ body: JSON.stringify({ text }) })).toEqual({ text });
  });
});

describe('a webhook refuses in plain text', () => {
  const path = '/w/demo/jobs/run/p/f/demo/echo';
  it.each<[string, string, string | Uint8Array, string, RegExp]>([
    ['JSON that is none', path, '{"a":', 'application/json', /body/],
    ['bytes that are not UTF-8', path, new Uint8Array([0x61, 0x3d, 0xff]), FORM, /body.*UTF-8/],
    ['a multipart body without boundary', path, 'x', 'multipart/form-data', /body.*multipart/],
    [
      'a multipart body that ends too early',
      path,
      '--xyz\r\ncontent-disp',
      'multipart/form-data; boundary=xyz',
      /body.*multipart/,
    ],
    [
      'a file in a form',
      path,
      '--xyz\r\ncontent-disposition: form-data; name="doc"; filename="a.txt"\r\n\r\nx\r\n--xyz--\r\n',
      'multipart/form-data; boundary=xyz',
      /doc/,
    ],
    ['a flag that is none', `${path}?raw=maybe`, '{}', 'application/json', /raw/],
    ['a time that is none', `${path}?scheduled_for=tomorrow`, '{}', 'application/json', /scheduled_for/],
    ['a job id that is none', `${path}?job_id=7`, '{}', 'application/json', /job_id/],
  ])('%s', async (_what, target, body, type, message) => {
    expect(await millrace.text('POST', target, 400, body, { 'content-type': type })).toMatch(message);
  });

  it('a payload that is no base64 of JSON', async () => {
    expect(await millrace.text('GET', `${path}?payload=e30x`, 400)).toMatch(/payload/);
  });

  it('a second job of one id, whoever asks first keeps it', async () => {
    const id = '01890000-0000-7000-8000-000000000001';
    expect(await millrace.text('POST', `${path}?job_id=${id}`, 201, { a: 1 })).toBe(id);
    const again = await millrace.request('POST', `${path}?job_id=${id}`, { a: 2 });
    expect([400, 409]).toContain(again.status);
    expect(await again.text()).toContain(id);
    expect((await millrace.completed(id)).result).toEqual({ a: 1 });
  });
});
