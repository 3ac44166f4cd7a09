import { expect, test } from 'vitest';
import { encryptedValue, parseEncryptedValue, valueBinding } from '../../../shared/model/encrypted-value.ts';

test('a sealed value tells for whom it was sealed, whatever its name holds', () => {
  for (const permissioned_as of ['u/ann', 'g/ops', 'admin@millrace.dev', 'zoë+x@x.io']) {
    const text = encryptedValue(permissioned_as, 'v1.key.c2VhbGVk');
    expect(text).toMatch(/^v1e\.[\w-]+\.v1\.key\.c2VhbGVk$/);
    expect(parseEncryptedValue(text)).toEqual({ permissioned_as, sealed: 'v1.key.c2VhbGVk' });
  }
  expect(valueBinding('u/ann')).toBe('value:u/ann');
});

test.each(['', 'v1e', 'v1e.dS9hbm4', 'v1e.dS9hbm4.', 'v1e..x', 'v2e.dS9hbm4.x', 'v1e.@@.x', 'v1e._w.x', 'plain text'])(
  '%j is no sealed value',
  (text) => expect(parseEncryptedValue(text)).toBeUndefined(),
);
