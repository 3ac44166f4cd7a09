import { expect, test } from 'vitest';
import { withStream } from '../../../shared/model/stream-result.ts';

const success = (result: string) => ({ status: 'success' as const, result });

test.each([
  ['null', '"a\\n"'],
  [' {} ', ' {"wm_stream":"a\\n"}'],
  ['{"n":12345678901234567890}\n', '{"n":12345678901234567890,"wm_stream":"a\\n"}'],
  ['{"wm_stream":1}', '{"wm_stream":1}'],
  ['"text"', '"text"'],
  ['[]', '[]'],
  ['0', '0'],
])('a stream beside the result %s gives %s', (result, whole) => {
  expect(withStream(success(result), 'a\n')).toEqual(success(whole));
});

test('a failure, a result in S3 and one without a stream stay as they are', () => {
  const failure = { status: 'failure' as const, result: '{"error":{}}' };
  expect(withStream(failure, 'x')).toEqual(failure);
  const stored = { ...success(''), stored: { at: 'object' as const, key: 'k', bytes: 1 } };
  expect(withStream(stored, 'x')).toEqual(stored);
  expect(withStream(success('null'), undefined)).toEqual(success('null'));
});
