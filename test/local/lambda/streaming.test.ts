import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InvokeRecord } from '../../../local/lambda/definitions.ts';
import { serveService } from '../../support/serve-service.ts';
import { startLambda, type TestLambda, textOf, until } from './functions.ts';

const STREAM = `
import { setTimeout as pause } from 'node:timers/promises';
let finished = 0;
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.finished) { stream.end(String(finished)); return; }
  for (let n = 0; n < (event.lines ?? 1); n += 1) {
    stream.write(event.big ? Buffer.alloc(64 * 1024, 120) : 'line ' + n + ' ' + (context.tenantId ?? '') + '\\n');
    if (event.pause) await pause(event.pause);
    if (event.waitForRoom && stream.writableNeedDrain) await new Promise((resolve) => stream.once('drain', resolve));
  }
  if (event.throw) throw new RangeError('broke off');
  if (event.exit) { await pause(50); process.exit(3); }
  if (event.hang) await pause(5000);
  finished += 1;
  stream.end();
});`;

type Received = { text: string; times: number[]; error?: string | undefined; details?: string | undefined };

describe('streamed answers', () => {
  let test: TestLambda;
  let served: Awaited<ReturnType<typeof serveService>>;
  let client: LambdaClient;

  const stream = async (event: unknown, functionName = 'stream', tenantId?: string): Promise<Received> => {
    const response = await client.send(
      new InvokeWithResponseStreamCommand({
        FunctionName: functionName,
        Payload: Buffer.from(JSON.stringify(event)),
        ...(tenantId === undefined ? {} : { TenantId: tenantId }),
      }),
    );
    const received: Received = { text: '', times: [] };
    for await (const item of response.EventStream ?? []) {
      if (item.PayloadChunk?.Payload !== undefined) {
        received.text += Buffer.from(item.PayloadChunk.Payload).toString();
        received.times.push(performance.now());
      }
      if (item.InvokeComplete?.ErrorCode !== undefined) {
        received.error = item.InvokeComplete.ErrorCode;
        received.details = item.InvokeComplete.ErrorDetails;
      }
    }
    return received;
  };

  const record = async (requestId: string | undefined): Promise<InvokeRecord> => {
    const find = () => test.records.find((one) => one.requestId === requestId);
    await until(() => find() !== undefined);
    return find() as InvokeRecord;
  };

  beforeAll(async () => {
    test = startLambda();
    test.define('stream', STREAM, { timeoutSeconds: 1 });
    test.define('tenants', STREAM, { tenancy: 'PER_TENANT' });
    test.define('plain', 'export const handler = async (event) => ({ got: event });');
    served = await serveService('lambda', test.lambda);
    client = new LambdaClient(served.client);
  });
  afterAll(async () => {
    client.destroy();
    await served.close();
    await test.close();
  });

  it('reach the SDK piece by piece while the function still runs', async () => {
    await stream({});
    const { text, times, error } = await stream({ lines: 3, pause: 100 });
    expect(text).toBe('line 0 \nline 1 \nline 2 \n');
    expect(error).toBeUndefined();
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(150);
  });

  it('carry the tenant to the function', async () => {
    expect((await stream({}, 'tenants', 'ann')).text).toBe('line 0 ann\n');
    await expect(stream({}, 'tenants')).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('come whole and byte for byte', async () => {
    const { text } = await stream({ lines: 32, big: true });
    expect(text).toBe('x'.repeat(32 * 64 * 1024));
  });

  it('keep what was said before a function failed, and tell how it failed', async () => {
    const thrown = await stream({ throw: true });
    expect(thrown).toMatchObject({ text: 'line 0 \n', error: 'RangeError' });
    expect(thrown.details).toContain('broke off');
    expect(await stream({ exit: true })).toMatchObject({ text: 'line 0 \n', error: 'Runtime.ExitError' });
    expect(await stream({ hang: true })).toMatchObject({ text: 'line 0 \n', error: 'Sandbox.Timedout' });
  });

  it('are also what a function that does not stream gives, in one piece', async () => {
    expect((await stream({ a: 1 }, 'plain')).text).toBe('{"got":{"a":1}}');
  });

  it('are collected for a caller who asks for the whole', async () => {
    const response = await client.send(
      new InvokeCommand({ FunctionName: 'stream', Payload: Buffer.from('{"lines":2}') }),
    );
    expect(response.FunctionError).toBeUndefined();
    expect(Buffer.from(response.Payload ?? []).toString()).toBe('line 0 \nline 1 \n');
  });

  it('do not stop when the caller leaves: the invocation goes on to its end', async () => {
    const before = Number((await stream({ finished: true })).text);
    const abort = new AbortController();
    const leaving = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'stream', Payload: Buffer.from('{"lines":4,"pause":50}') }),
      { abortSignal: abort.signal },
    );
    for await (const _ of leaving.EventStream ?? []) break;
    abort.abort();
    const ended = await record(leaving.$metadata.requestId);
    expect(ended.error).toBeUndefined();
    expect(ended.durationMs).toBeGreaterThan(190);
    expect(Number((await stream({ finished: true })).text)).toBe(before + 1);
  });

  it('hold the function back while nobody reads', async () => {
    const response = await test.lambda.invoke('stream', Buffer.from('{"lines":800,"big":true,"waitForRoom":true}'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(test.records.some(({ requestId }) => requestId === response.requestId)).toBe(false);
    if (response.kind === 'stream') response.body.resume();
    await record(response.requestId);
  });

  it('are slowed down after the first bytes, and cut at the limit', async () => {
    const KB = 1024;
    const limited = startLambda({
      streamingLimits: { freeBytes: 512 * KB, bytesPerSecond: 2048 * KB, maxBytes: 1024 * KB },
    });
    try {
      limited.define('stream', STREAM);
      await textOf(await limited.lambda.invoke('stream', Buffer.from('{}')));
      const start = performance.now();
      const within = await textOf(await limited.lambda.invoke('stream', Buffer.from('{"lines":16,"big":true}')));
      expect(performance.now() - start).toBeGreaterThan(230);
      expect(within.error).toBeUndefined();
      const beyond = await textOf(await limited.lambda.invoke('stream', Buffer.from('{"lines":17,"big":true}')));
      expect(beyond.error).toBe('Function.ResponseSizeTooLarge');
    } finally {
      await limited.close();
    }
  });

  it('tell the SDK of a function that is not there, and of one that failed', async () => {
    await expect(client.send(new InvokeCommand({ FunctionName: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const failed = await client.send(
      new InvokeCommand({ FunctionName: 'stream', Payload: Buffer.from('{"throw":1}') }),
    );
    expect(failed.FunctionError).toBe('Unhandled');
    const event = await client.send(
      new InvokeCommand({ FunctionName: 'plain', InvocationType: 'Event', Payload: Buffer.from('{}') }),
    );
    expect(event.StatusCode).toBe(202);
  });
});
