import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FrontDoorDefinition, Origin } from '../../../local/front-door/definitions.ts';
import { FrontDoor } from '../../../local/front-door/front-door.ts';
import { AwsError } from '../../../local/services/aws-error.ts';
import type { Call } from '../../../local/services/service.ts';
import { startLambda, type TestLambda, until } from '../lambda/functions.ts';

const ECHO = `
import { setTimeout as pause } from 'node:timers/promises';
export const handler = async (event) => {
  const ask = event.queryStringParameters ?? {};
  if (ask.pause) await pause(Number(ask.pause));
  if (ask.throw) throw new Error('secret detail');
  if (ask.plain) return { hello: 'world' };
  if (ask.odd) return { statusCode: 'odd' };
  if (ask.binary) return { statusCode: 200, isBase64Encoded: true, body: Buffer.from([0, 255, 1]).toString('base64'), headers: { 'Content-Type': 'image/x' } };
  return { statusCode: 201, headers: { 'X-Made': 'yes' }, cookies: ['a=1', 'b=2'], body: JSON.stringify(event) };
};`;

const STREAM = `
import { setTimeout as pause } from 'node:timers/promises';
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  const ask = event.queryStringParameters ?? {};
  if (ask.early) throw new Error('early');
  if (ask.hang) { await pause(300); }
  if (ask.raw) { stream.setContentType('text/x-raw'); stream.write('raw'); stream.end(); return; }
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { 'Content-Type': 'text/event-stream' }, cookies: ['c=3'] });
  out.write('first\\n');
  await pause(Number(ask.pause ?? 0));
  if (ask.late) throw new Error('late');
  out.write('second\\n');
  out.end();
});`;

const origin = (id: string, target: Origin['target']): Origin => ({
  id,
  target,
  customHeaders: { 'X-Millrace-Origin': 'the-secret' },
});

const definition: FrontDoorDefinition = {
  defaultRootObject: 'index.html',
  behaviours: [
    { pathPattern: '/api/w/*/live/*', originId: 'url' },
    { pathPattern: '/api/read-only', originId: 'api', allowedMethods: ['GET', 'HEAD'] },
    { pathPattern: '/api/*', originId: 'api' },
    { pathPattern: '/buffered', originId: 'buffered' },
  ],
  defaultBehaviour: { originId: 'web' },
  origins: {
    api: origin('api', {
      type: 'http-api',
      api: {
        id: 'abc',
        routes: [
          { routeKey: 'ANY /api/{proxy+}', functionName: 'echo' },
          { routeKey: 'POST /api/w/{ws}/jobs/{proxy+}', functionName: 'echo' },
        ],
        cors: { allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['authorization'] },
      },
    }),
    url: origin('url', {
      type: 'function-url',
      url: { id: 'live', functionName: 'stream', invokeMode: 'RESPONSE_STREAM' },
    }),
    buffered: origin('buffered', {
      type: 'function-url',
      url: { id: 'buf', functionName: 'echo', invokeMode: 'BUFFERED' },
    }),
    web: { id: 'web', customHeaders: {}, target: { type: 's3', bucket: 'pages' } },
  },
};

const s3 = {
  answer: (call: Call) => {
    if (call.path !== '/pages/index.html') throw new AwsError('NoSuchKey', 404, 'no such key');
    return Promise.resolve({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>hi</h1>' });
  },
};

describe('the front door', () => {
  let test: TestLambda;
  let door: FrontDoor;
  let base: string;
  const place = { accountId: '000000000000', region: 'us-east-1' };

  beforeAll(async () => {
    test = startLambda();
    test.define('echo', ECHO);
    test.define('stream', STREAM);
    door = new FrontDoor({
      definition,
      invoker: test.lambda,
      s3: { answer: async (call) => s3.answer(call) },
      place,
      now: () => Date.UTC(2026, 10, 24, 1, 2, 3),
      httpApiMs: 400,
      originMs: 800,
    });
    base = `http://127.0.0.1:${await door.listen(0)}`;
  });
  afterAll(async () => {
    await door.close();
    await test.close();
  });

  it('makes an event of format 2.0 for the HTTP API, with the path decoded', async () => {
    const response = await fetch(`${base}/api/w/my%20ws/jobs/run/p/f%2Fx?a=1&a=2&b=%26`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'k=v; l=w', 'x-millrace-origin': 'forged', 'X-Two': 'b' },
      body: '{"n":"ü"}',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-made')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toMatchObject({
      version: '2.0',
      routeKey: 'POST /api/w/{ws}/jobs/{proxy+}',
      rawPath: '/api/w/my ws/jobs/run/p/f/x',
      rawQueryString: 'a=1&a=2&b=%26',
      queryStringParameters: { a: '1,2', b: '&' },
      pathParameters: { ws: 'my ws', proxy: 'run/p/f/x' },
      cookies: ['k=v', 'l=w'],
      headers: {
        'x-millrace-origin': 'the-secret',
        'x-two': 'b',
        'content-type': 'application/json',
        'x-forwarded-for': '127.0.0.1, 64.252.64.1',
      },
      requestContext: {
        http: { method: 'POST', path: '/api/w/my ws/jobs/run/p/f/x', sourceIp: '64.252.64.1' },
        stage: '$default',
        time: '24/Nov/2026:01:02:03 +0000',
      },
      body: '{"n":"ü"}',
      isBase64Encoded: false,
    });
  });

  it.each([
    ['localhost', 200],
    ['127.0.0.1', 200],
    ['[::1]', 200],
    ['LOCALHOST', 200],
    ['attacker.example', 421],
    ['localhost.attacker.example', 421],
    ['127.0.0.1.nip.io', 421],
    ['', 421],
  ])('a page whose name leads here is refused by that name: %s is %i', async (name, status) => {
    const { port } = new URL(base);
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      request({ port, path: '/api/x?plain=1', headers: { host: `${name}:${port}` } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(answered).toBe(status);
  });

  it('falls back to the less specific route for another method', async () => {
    expect(await (await fetch(`${base}/api/w/x/jobs/y`)).json()).toMatchObject({
      routeKey: 'ANY /api/{proxy+}',
      pathParameters: { proxy: 'w/x/jobs/y' },
    });
  });

  it.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/octet-stream'])(
    'hands a body of type %s over as base64',
    async (type) => {
      const response = await fetch(`${base}/api/x`, { method: 'POST', headers: { 'content-type': type }, body: 'a=1' });
      expect(await response.json()).toMatchObject({ body: 'YT0x', isBase64Encoded: true });
    },
  );

  it('keeps the path of a Function URL as it came', async () => {
    const response = await fetch(`${base}/buffered?x=1`);
    const event = await response.json();
    expect(event).toMatchObject({ routeKey: '$default', rawPath: '/buffered' });
    const direct = await door.callOrigin('buffered', {
      method: 'GET',
      path: '/a%2Fb',
      query: '',
      headers: {},
      body: Buffer.alloc(0),
      sourceIp: '127.0.0.1',
    });
    const seen = JSON.parse(String(direct.body));
    expect(seen.rawPath).toBe('/a%2Fb');
    expect(seen.headers['x-millrace-origin']).toBeUndefined();
  });

  it('turns what a function answers into HTTP', async () => {
    const plain = await fetch(`${base}/api/x?plain=1`);
    expect([plain.status, await plain.json()]).toEqual([200, { hello: 'world' }]);
    const binary = await fetch(`${base}/api/x?binary=1`);
    expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 255, 1]);
    for (const fault of ['throw', 'odd']) {
      const failed = await fetch(`${base}/api/x?${fault}=1`);
      expect([failed.status, await failed.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    }
  });

  it('answers 503 when a function of the HTTP API takes longer than it may', async () => {
    const response = await fetch(`${base}/api/x?pause=700`);
    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  });

  it('refuses bodies over the limits with 413', async () => {
    const post = async (path: string, mb: number) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: 'x'.repeat(mb * 1024 * 1024) });
      await response.text();
      return response.status;
    };
    expect(await post('/api/x', 11)).toBe(413);
    expect(await post('/api/x', 7)).toBe(413);
    expect(await post('/buffered', 7)).toBe(413);
  });

  it('answers a preflight by itself and adds CORS headers to answers', async () => {
    const headers = { origin: 'http://a.example', 'access-control-request-method': 'POST' };
    const preflight = await fetch(`${base}/api/x`, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization');
    const answer = await fetch(`${base}/api/x`, { headers: { origin: 'http://a.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('refuses methods that the behaviour does not allow', async () => {
    expect((await fetch(`${base}/api/read-only`, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(`${base}/api/read-only`)).status).toBe(201);
  });

  it('passes a streamed answer on while it is being made', async () => {
    await fetch(`${base}/api/w/x/live/y`).then((response) => response.text());
    const response = await fetch(`${base}/api/w/x/live/y?pause=300`);
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.getSetCookie()).toEqual(['c=3']);
    const times: number[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      times.push(performance.now());
      text += Buffer.from(chunk).toString();
    }
    expect(text).toBe('first\nsecond\n');
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(200);
  });

  it('streams an answer without a head of its own as 200', async () => {
    const response = await fetch(`${base}/api/w/x/live/y?raw=1`);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/x-raw',
      'raw',
    ]);
  });

  it('answers 502 for a stream that fails before it began, and cuts one that breaks off', async () => {
    expect((await fetch(`${base}/api/w/x/live/y?early=1`)).status).toBe(502);
    const late = await fetch(`${base}/api/w/x/live/y?late=1`);
    await expect(late.text()).rejects.toThrow();
  });

  it('answers 504 when the first byte takes too long, and the function goes on undisturbed', async () => {
    expect((await fetch(`${base}/buffered?pause=1000`)).status).toBe(504);
    await until(() => test.records.some(({ durationMs, error }) => durationMs >= 1000 && error === undefined));
  });

  it('lets a function finish after its viewer has left', async () => {
    const before = test.records.length;
    await new Promise<void>((resolve) => {
      const call = request(`${base}/api/w/x/live/y?pause=300`, (response) => {
        response.once('data', () => {
          call.destroy();
          resolve();
        });
      });
      call.on('error', () => {});
      call.end();
    });
    const whole = ({ functionName, error, durationMs }: (typeof test.records)[number]): boolean =>
      functionName === 'stream' && error === undefined && durationMs > 290;
    await until(() => test.records.slice(before).some(whole));
  });

  it('serves pages from the bucket and says in words what is not there', async () => {
    const root = await fetch(`${base}/`);
    expect([root.status, await root.text()]).toEqual([200, '<h1>hi</h1>']);
    const missing = await fetch(`${base}/nowhere`);
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain('/nowhere');
  });

  it('replaces errors of every origin by the pages of the template', async () => {
    const withPages = {
      ...definition,
      errorResponses: [{ errorCode: 500, responseCode: 200, responsePagePath: '/index.html' }],
    };
    const other = new FrontDoor({
      definition: withPages,
      invoker: test.lambda,
      s3: { answer: async (call) => s3.answer(call) },
      place,
      now: Date.now,
    });
    const port = await other.listen(0);
    const response = await fetch(`http://127.0.0.1:${port}/api/x?throw=1`);
    expect([response.status, await response.text()]).toEqual([200, '<h1>hi</h1>']);
    await other.close();
  });
});
