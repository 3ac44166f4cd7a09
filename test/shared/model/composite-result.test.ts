import { describe, expect, test } from 'vitest';
import { compositeAnswer } from '../../../shared/model/composite-result.ts';
import { markedResult } from '../../../shared/model/marked-result.ts';
import { rawMember } from '../../../shared/model/raw-member.ts';

const answer = (result: object, standard = 200) => compositeAnswer(JSON.stringify(result), standard);

describe('a result that says how it is answered', () => {
  test('has its status, type, headers and a body that is its result', () => {
    expect(answer({ windmill_status_code: 201, result: { a: 1 } })).toMatchObject({ status: 201, body: '{"a":1}' });
    expect(answer({ wm_status_code: 404 })).toMatchObject({ status: 404, body: '' });
    expect(answer({ windmill_headers: { 'X-One': 'yes' } })).toMatchObject({
      status: 204,
      headers: { 'x-one': 'yes' },
    });
    expect(answer({ windmill_content_type: 'text/html', result: '<b>"' }, 422)).toMatchObject({
      status: 422,
      body: '<b>"',
      headers: { 'content-type': 'text/html', 'content-security-policy': 'sandbox' },
    });
    expect(answer({ wm_headers: { 'Content-Type': 'text/csv' }, result: 'a,b' })).toMatchObject({
      headers: { 'content-type': 'text/csv' },
      body: 'a,b',
    });
    expect(answer({ windmill_content_type: 'application/xml', result: { a: 1 } })).toMatchObject({ body: '{"a":1}' });
    expect(answer({ wm_status_code: 204, result: 1 })).toMatchObject({ body: '' });
  });

  test('keeps each number of its body as it was written', () => {
    const text = '{"result" : {"n": 12345678901234567890}\n, "windmill_status_code": 200}';
    expect(compositeAnswer(text, 200)).toMatchObject({ body: '{"n": 12345678901234567890}' });
  });

  test('is none when it says nothing of the kind, or is no object', () => {
    for (const result of [
      { a: 1 },
      ['windmill_status_code'],
      { a: { windmill_status_code: 500 } },
      { wm_headers: null },
    ])
      expect(answer(result)).toBeUndefined();
    expect(compositeAnswer('"\\"wm_headers\\""', 200)).toBeUndefined();
  });

  test.each([
    ['windmill_status_code', { windmill_status_code: 199 }],
    ['windmill_status_code', { windmill_status_code: 600 }],
    ['wm_status_code', { wm_status_code: '200' }],
    ['windmill_status_code', { windmill_status_code: 200.5 }],
    ['windmill_content_type', { windmill_content_type: 'text/html\r\nset-cookie: a=b' }],
    ['wm_content_type', { wm_content_type: 7 }],
    ['windmill_headers', { windmill_headers: ['a'] }],
    ['windmill_headers x', { windmill_headers: { x: 'a\nb' } }],
    ['windmill_headers', { windmill_headers: { 'a b': 'c' } }],
    ['wm_headers x', { wm_headers: { x: 1 } }],
  ])('is refused by the name of what is wrong: %s', (name, result) => {
    expect(answer(result)).toEqual({ wrong: expect.stringMatching(new RegExp(`^${name}`)) });
  });

  test.each([
    'Set-Cookie',
    'Access-Control-Allow-Origin',
    'access-control-allow-credentials',
    'Content-Security-Policy',
    'content-security-policy-report-only',
    'X-Content-Type-Options',
    'Clear-Site-Data',
    'Transfer-Encoding',
    'Connection',
    'Content-Length',
    'Strict-Transport-Security',
    'Service-Worker-Allowed',
  ])('never sends %s', (header) => {
    const sent = answer({ windmill_headers: { [header]: 'theirs', 'x-mine': 'a' }, result: 1 });
    expect(sent).toMatchObject({ headers: { 'x-mine': 'a', 'content-security-policy': 'sandbox' } });
    expect(JSON.stringify(sent)).not.toContain('theirs');
  });
});

test('a member is found as it stands, the last of its name, whatever stands before it', () => {
  expect(rawMember('{"a":"}],{\\"","b":[{"result":1}],"result":1.0,"result": [1e2 , 3] }', 'result')).toBe('[1e2 , 3]');
  expect(rawMember('{"\\u0072esult":null}', 'result')).toBe('null');
  expect(rawMember('{ }', 'result')).toBeUndefined();
  expect(rawMember('{"a":{"result":1}}', 'result')).toBeUndefined();
});

describe('a result that marks its job', () => {
  const marked = (result: object) => markedResult(JSON.stringify(result), JSON.parse(JSON.stringify(result)));

  test('puts labels on it, each once, and leaves out what is none', () => {
    expect(marked({ wm_labels: ['a', 'b', 'a', 7, '', 'x'.repeat(101)] })).toMatchObject({ labels: ['a', 'b'] });
    expect(marked({ wm_labels: Array.from({ length: 60 }, (_, n) => `${n}`) }).labels).toHaveLength(50);
    for (const result of [{ wm_labels: 'a' }, { wm_labels: [] }, ['wm_labels']])
      expect(marked(result)).toEqual({ status: 'success', result: JSON.stringify(result) });
  });

  test('makes it a failure that keeps what it says', () => {
    const { status, result } = marked({ wm_failure: 'not today', wm_status_code: 503, result: 'later' });
    expect([status, JSON.parse(result)]).toEqual([
      'failure',
      {
        wm_failure: 'not today',
        wm_status_code: 503,
        result: 'later',
        error: { name: 'ManualFailure', message: 'not today' },
      },
    ]);
    expect(marked({ wm_failure: true })).toMatchObject({ status: 'success' });
    expect(marked({ windmill_failure: 'x' })).toMatchObject({ status: 'success' });
  });
});
