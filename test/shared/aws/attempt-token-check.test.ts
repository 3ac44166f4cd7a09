import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkAttemptToken } from '../../../shared/aws/attempt-token-check.ts';
import { Ed25519AttemptTokens, publicKeyOf, signingKey } from '../../../shared/aws/attempt-tokens.ts';
import { aJob } from '../../support/stores.ts';

const NOW = 1_800_000_000_000;
const key = signingKey('the secret of this installation');
const x = publicKeyOf(key);
const tokens = new Ed25519AttemptTokens(() => Promise.resolve(key));
const job = aJob({ id: '0196a5f0-0000-7000-8000-00000000000a', attempt: 1 });
const genuine = async (): Promise<string> => (await tokens.jobToken(job, NOW)).slice('jwt_'.length);

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const check = (token: string, now = NOW) => checkAttemptToken(token, 'millrace:job', [x], now);

describe('the token of an attempt', () => {
  test('is good as it was signed, until it expires', async () => {
    const token = await genuine();
    expect(check(token)).toMatchObject({ job_id: job.id, permissioned_as: 'u/admin' });
    expect(check(token, NOW + (job.timeout_s + 299) * 1000)).toBeDefined();
    expect(check(token, NOW + (job.timeout_s + 301) * 1000)).toBeUndefined();
  });

  test('is good for its audience only', async () => {
    expect(checkAttemptToken(await genuine(), 'millrace:frames', [x], NOW)).toBeUndefined();
    expect(check(await tokens.controlToken(job, NOW))).toBeUndefined();
  });

  test('is not taken when another key signed it, whichever key its header names', async () => {
    const other = generateKeyPairSync('ed25519').privateKey;
    const claims = (await genuine()).split('.')[1] ?? '';
    const headers = [
      { alg: 'EdDSA' },
      { alg: 'EdDSA', kid: '../../../../dev/null' },
      { alg: 'EdDSA', jwk: other.export({ format: 'jwk' }) },
      { alg: 'EdDSA', jku: 'https://attacker.example/keys', x5u: 'file:///etc/passwd' },
    ];
    for (const header of headers) {
      const body = `${base64url(header)}.${claims}`;
      expect(check(`${body}.${sign(null, Buffer.from(body), other).toString('base64url')}`)).toBeUndefined();
    }
  });

  test('is not taken when its header asks for another algorithm', async () => {
    const claims = (await genuine()).split('.')[1] ?? '';
    for (const alg of ['none', 'None', 'NONE', 'HS256', 'HS512', 'RS256', 'ES256', '']) {
      const body = `${base64url({ alg, typ: 'JWT' })}.${claims}`;
      const marks = ['', createHmac('sha256', x).update(body).digest('base64url'), 'AAAA'];
      marks.push(createHmac('sha256', Buffer.from(x, 'base64url')).update(body).digest('base64url'));
      for (const mark of marks) expect(check(`${body}.${mark}`)).toBeUndefined();
    }
  });

  test('is not taken when anything of it was changed', async () => {
    const [header = '', claims = '', mark = ''] = (await genuine()).split('.');
    const more = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), permissioned_as: 'u/boss', attempt: 2 };
    const changed = [
      `${header}.${base64url(more)}.${mark}`,
      `${header}.${claims}.`,
      `${header}.${claims}`,
      `${header}..${mark}`,
      `.${claims}.${mark}`,
      `${header}.${claims}.${mark}.${mark}`,
      `${header}.${claims}.${mark.slice(0, -4)}`,
      `${base64url({ alg: 'EdDSA' })}.${claims}.${mark}`,
      '...',
      '',
    ];
    for (const token of changed) expect([token, check(token)]).toEqual([token, undefined]);
  });
});
