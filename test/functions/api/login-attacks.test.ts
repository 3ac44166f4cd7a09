import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { networkOf, sourceOf } from '../../../shared/http/source-address.ts';
import { type Api, startApi } from '../../support/api.ts';

const EDGE = '64.252.64.1';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

/** One try to log in that came to the front door from `viewer`, who sent `claimed` as X-Forwarded-For. */
const attempt = async (email: string, viewer: string, claimed?: string): Promise<number> => {
  const hops = [...(claimed === undefined ? [] : [claimed]), viewer, EDGE].join(', ');
  const body = { email, password: 'a guess' };
  return (await api.call('POST', '/auth/login', { token: null, body, headers: { 'x-forwarded-for': hops } })).status;
};
const attempts = (count: number, one: (n: number) => Promise<number>): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)));
const counted = (statuses: number[], status: number): number => statuses.filter((one) => one === status).length;

/** Every try whose password is looked at costs 0.1 s of a core, so tests about one network spend its tries beforehand. */
const spend = async (network: string, tries: number): Promise<void> => {
  const { LoginAttempts } = await import('../../../shared/aws/login-attempts.ts');
  const limits = new LoginAttempts(api.db, 'jobs');
  await attempts(tries, async (n) =>
    Number(await limits.take({ account: `spent-${network}-${n}`, network }, Date.now())),
  );
};

describe('guessing passwords', () => {
  test('of one account ends after ten tries, from however many addresses', async () => {
    const statuses = await attempts(13, (n) => attempt('admin@millrace.dev', `203.0.113.${n}`));
    expect(counted(statuses, 400)).toBe(10);
    expect(counted(statuses, 429)).toBe(3);
  });

  test('of many accounts from one address ends after a hundred, whatever the address claims to pass on', async () => {
    await spend('198.51.100.7', 98);
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push(await attempt(`spray${n}@x.io`, '198.51.100.7', `10.0.0.${n}`));
    expect(statuses).toEqual([400, 400, 429, 429, 429]);
    expect(await attempt('spray9@x.io', '198.51.100.8', '198.51.100.7')).toBe(400);
  });

  test('from all addresses of one IPv6 network is guessing from one', async () => {
    await spend('2001:db8:0:1::/64', 99);
    const statuses = [];
    for (let n = 1; n < 4; n += 1) statuses.push(await attempt(`six${n}@x.io`, `2001:db8:0:1::${n}`));
    expect(statuses).toEqual([400, 429, 429]);
  });

  test('a refused network spends no tries of an account', async () => {
    await spend('192.0.2.1', 100);
    expect(counted(await attempts(12, () => attempt('victim@x.io', '192.0.2.1')), 429)).toBe(12);
    expect(await attempt('victim@x.io', '192.0.2.2')).toBe(400);
  });

  test('takes as long for nobody as for somebody', async () => {
    const took = async (email: string): Promise<number> => {
      const asked = performance.now();
      await attempt(email, '203.0.113.99');
      return performance.now() - asked;
    };
    await api.call('POST', '/users/create', { body: { email: 'known@x.io', password: 'long enough' } });
    const [known, unknown] = [[0], [0]];
    for (let n = 0; n < 4; n += 1) {
      known.push(await took('known@x.io'));
      unknown.push(await took('unknown@x.io'));
    }
    const fastest = (times: number[]): number => Math.min(...times.slice(1));
    // Hashing a password takes fifty times as long as all the rest, so that this tells whether it was done, on a busy machine too.
    expect(fastest(unknown)).toBeGreaterThan(fastest(known) / 5);
    expect(fastest(known)).toBeGreaterThan(fastest(unknown) / 5);
  });
});

describe('the address a request came from', () => {
  test.each([
    ['what CloudFront adds', '203.0.113.5, 64.252.64.1', EDGE, '203.0.113.5'],
    ['never what the viewer claims', '10.0.0.1, 127.0.0.1, 203.0.113.5, 64.252.64.1', EDGE, '203.0.113.5'],
    ['the same where the origin adds no hop', '10.0.0.1, 203.0.113.5', EDGE, '203.0.113.5'],
    ['the caller of the origin without hops', undefined, EDGE, EDGE],
    ['unknown when nobody says', undefined, undefined, undefined],
    ['the last of broken hops', ' , ,203.0.113.5,', undefined, '203.0.113.5'],
  ])('is %s', (_, hops, caller, expected) => {
    expect(sourceOf(hops, caller)).toBe(expected);
  });

  test.each([
    ['203.0.113.5', '203.0.113.5'],
    ['2001:db8:0:1:ffff:2:3:4', '2001:db8:0:1::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is counted as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
