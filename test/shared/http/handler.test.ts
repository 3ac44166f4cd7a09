import { afterEach, describe, expect, test, vi } from 'vitest';
import { contract, jsonTextAnswer, NoParams, NoQuery, noBody, rawBody } from '../../../shared/contracts/contract.ts';
import { httpHandler } from '../../../shared/http/handler.ts';
import { openRoute, route } from '../../../shared/http/route.ts';

const fixed = { summary: '', params: NoParams, query: NoQuery, answer: jsonTextAnswer(200) };
const broken = contract({
  id: 'broken',
  method: 'GET',
  path: '/broken',
  body: noBody,
  access: { needs: 'nothing' },
  ...fixed,
});
const size = contract({
  id: 'size',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/size',
  body: rawBody,
  access: { needs: 'workspace', right: 'run' },
  ...fixed,
});

let now = 1_000;
let lookups = 0;
const handler = httpHandler({
  deps: {
    tokens: {
      find: () => {
        lookups += 1;
        return Promise.resolve({ kind: 'user', email: 'a@b.c', username: 'a', super_admin: true });
      },
    },
    attempts: {
      verifyJobToken: () => Promise.resolve(undefined),
      verifyControlToken: () => Promise.resolve(undefined),
    },
    rosters: {
      read: (workspace) =>
        Promise.resolve({ workspace, archived: false, members: new Map(), groups: new Map(), folders: new Map() }),
    },
    now: () => now,
  },
  routes: [
    openRoute(broken, () => {
      throw new Error('secret detail', { cause: new Error('root of it') });
    }),
    route(size, ({ body }) => ({ body: String(body.length) })),
  ],
  originSecrets: ['s'],
});

const call = (method: string, rawPath: string, more: object = {}) => {
  const context = { awsRequestId: 'aws-1' } as Parameters<typeof handler>[1];
  const event = {
    rawPath,
    headers: { 'X-Millrace-Origin': undefined, 'x-millrace-origin': 's', authorization: 'Bearer top-secret' },
    requestContext: { requestId: 'r-1', http: { method } },
    ...more,
  };
  return handler(event, context);
};

afterEach(() => {
  vi.restoreAllMocks();
  now = 1_000;
});

describe('an error that is no refusal', () => {
  test('is a 500 without details, logged once with its cause and without the token', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue();
    const answer = await call('GET', '/api/broken');
    expect(answer).toMatchObject({ statusCode: 500, body: 'Internal server error (request aws-1)' });
    expect(log).toHaveBeenCalledTimes(1);
    const line = String(log.mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toMatchObject({ requestId: 'aws-1', error: { cause: { message: 'root of it' } } });
    expect(line).not.toContain('top-secret');
  });
});

describe('run routes', () => {
  test('answer any origin, and its preflight', async () => {
    const answer = await call('POST', '/api/w/demo/jobs/run/size', { body: 'abc' });
    expect(answer).toMatchObject({ statusCode: 200, body: '3', headers: { 'access-control-allow-origin': '*' } });
    const preflight = await call('OPTIONS', '/api/w/demo/jobs/run/size', { headers: { 'x-millrace-origin': 's' } });
    expect(preflight).toMatchObject({ statusCode: 204, headers: { 'access-control-allow-origin': '*' } });
  });

  test('get the bytes of a binary body, and refuse one over 6 MB with 413', async () => {
    const binary = { body: Buffer.from([0, 255, 128]).toString('base64'), isBase64Encoded: true };
    expect(await call('POST', '/api/w/demo/jobs/run/size', binary)).toMatchObject({ body: '3' });
    const large = { body: 'x'.repeat(6 * 1024 * 1024 + 1) };
    expect(await call('POST', '/api/w/demo/jobs/run/size', large)).toMatchObject({ statusCode: 413 });
  });
});

describe('without the origin header', () => {
  test('nobody is looked up', async () => {
    lookups = 0;
    const answer = await call('POST', '/api/w/demo/jobs/run/size', { headers: { authorization: 'Bearer t' } });
    expect(answer).toMatchObject({ statusCode: 403 });
    expect(lookups).toBe(0);
  });
});
