import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lives, startLambda, type TestLambda, textOf, until } from './functions.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const KITCHEN = `
import { setTimeout as pause } from 'node:timers/promises';
let served = 0;
export const handler = async (event, context) => {
  served += 1;
  switch (event.do) {
    case 'throw': { const error = new TypeError('no such thing'); throw error; }
    case 'exit': process.exit(7);
    case 'hang': for (;;) await pause(1000);
    case 'pause': await pause(event.ms); return { pid: process.pid, served };
    case 'env': return process.env;
    case 'big': return 'x'.repeat(7 * 1024 * 1024);
    case 'log': console.log('a line', { of: 'log' }); return null;
    default: return { pid: process.pid, served, event, cwd: process.cwd(), requestId: context.awsRequestId, left: context.getRemainingTimeInMillis(), tenantId: context.tenantId, name: context.functionName };
  }
};`;

describe('the local Lambda', () => {
  let test: TestLambda;
  const call = async (name: string, event: unknown, tenantId?: string) =>
    textOf(await test.lambda.invoke(name, json(event), tenantId === undefined ? {} : { tenantId }));

  beforeAll(() => {
    test = startLambda();
    test.define('kitchen', KITCHEN, { environment: { COLOUR: 'green' }, timeoutSeconds: 1 });
    test.define('json-log', KITCHEN, { logFormat: 'JSON' });
    test.define('broken', 'import "./missing.mjs";');
    test.define('no-handler', 'export const other = 1;');
    test.define('one', KITCHEN, { reservedConcurrency: 1 });
    test.define('tenants', KITCHEN, { tenancy: 'PER_TENANT', image: { command: ['index.handler'] }, handler: '' });
  });
  afterAll(() => test.close());

  it('gives the handler its event and the context of Lambda', async () => {
    const { text, error } = await call('kitchen', { n: 1 });
    expect(error).toBeUndefined();
    const answer = JSON.parse(text);
    expect(answer).toMatchObject({ served: 1, event: { n: 1 }, name: 'kitchen' });
    expect(answer.left).toBeGreaterThan(500);
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('serves the next event in the same process and says which one was cold', async () => {
    const first = JSON.parse((await call('kitchen', {})).text);
    const second = JSON.parse((await call('kitchen', {})).text);
    expect(second).toMatchObject({ pid: first.pid, served: first.served + 1 });
    await until(() => test.records.length === 3);
    expect(test.records.map(({ cold }) => cold)).toEqual([true, false, false]);
  });

  it('gives the process the variables of the template and of Lambda, and nothing else', async () => {
    const env = JSON.parse((await call('kitchen', { do: 'env' })).text);
    expect(env).toMatchObject({
      COLOUR: 'green',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'AKkitchen-role',
      AWS_LAMBDA_FUNCTION_NAME: 'kitchen',
    });
    const others = Object.keys(env).filter((name) => !/^(AWS_|LAMBDA_|_HANDLER$|COLOUR$)/.test(name));
    expect(new Set(others)).toEqual(new Set(['HOME', 'LANG', 'PATH', 'TMPDIR', 'TZ']));
    expect(env.TMPDIR.startsWith(test.stateDir)).toBe(true);
  });

  it('reports a thrown error and keeps the process', async () => {
    const { pid } = JSON.parse((await call('kitchen', {})).text);
    const { text, error } = await call('kitchen', { do: 'throw' });
    expect(error).toBe('TypeError');
    expect(JSON.parse(text)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such thing' });
    expect(JSON.parse((await call('kitchen', {})).text).pid).toBe(pid);
  });

  it('reports a crash as Runtime.ExitError and starts a new process for the next event', async () => {
    const { pid } = JSON.parse((await call('kitchen', {})).text);
    const { text, error } = await call('kitchen', { do: 'exit' });
    expect(error).toBe('Runtime.ExitError');
    expect(text).toContain('exit status 7');
    expect(JSON.parse((await call('kitchen', {})).text).pid).not.toBe(pid);
  });

  it('kills a function at its timeout and throws the environment away', async () => {
    const { pid } = JSON.parse((await call('kitchen', {})).text);
    const { text, error } = await call('kitchen', { do: 'hang' });
    expect(error).toBe('Sandbox.Timedout');
    expect(text).toContain('Task timed out after 1.00 seconds');
    await until(() => !lives(pid));
    expect(JSON.parse((await call('kitchen', {})).text).pid).not.toBe(pid);
  });

  it('refuses an answer over 6 MB', async () => {
    expect((await call('kitchen', { do: 'big' })).error).toBe('Function.ResponseSizeTooLarge');
  });

  it('reports what went wrong while a function was loaded', async () => {
    expect((await call('broken', {})).text).toContain('missing.mjs');
    const { text, error } = await call('no-handler', {});
    expect(error).toBe('Runtime.HandlerNotFound');
    expect(text).toContain('index.handler is undefined or not exported');
  });

  it('refuses with 429 what is beyond the reserved concurrency', async () => {
    const slow = call('one', { do: 'pause', ms: 200 });
    await expect(call('one', {})).rejects.toMatchObject({ status: 429, code: 'TooManyRequestsException' });
    expect((await slow).error).toBeUndefined();
    await until(() => test.records.some(({ functionName }) => functionName === 'one'));
    expect((await call('one', {})).error).toBeUndefined();
  });

  it('runs events at the same time in processes of their own', async () => {
    const answers = await Promise.all([1, 2].map(() => call('kitchen', { do: 'pause', ms: 300 })));
    expect(new Set(answers.map(({ text }) => JSON.parse(text).pid)).size).toBe(2);
  });

  it('never lets two tenants share a process, a folder or credentials', async () => {
    const ann = JSON.parse((await call('tenants', {}, 'ann')).text);
    const bob = JSON.parse((await call('tenants', {}, 'bob')).text);
    const annAgain = JSON.parse((await call('tenants', {}, 'ann')).text);
    expect(bob.pid).not.toBe(ann.pid);
    expect(bob.cwd).not.toBe(ann.cwd);
    expect(annAgain).toMatchObject({ pid: ann.pid, tenantId: 'ann' });
    const env = JSON.parse((await call('tenants', { do: 'env' }, 'ann')).text);
    expect(Object.keys(env).filter((name) => /KEY|TOKEN|ENDPOINT|COMPILE/.test(name))).toEqual([]);
    expect(env.PATH).toBe('/usr/bin:/bin');
  });

  it('demands a tenant id where the template isolates tenants, and only there', async () => {
    await expect(call('tenants', {})).rejects.toMatchObject({ status: 400 });
    await expect(call('kitchen', {}, 'ann')).rejects.toMatchObject({ status: 400 });
    await expect(call('nobody', {})).rejects.toMatchObject({ status: 404 });
  });

  it('keeps what a function prints in a log file', async () => {
    await call('json-log', { do: 'log' });
    const lines = readFileSync(join(test.stateDir, 'logs', 'json-log.log'), 'utf8')
      .trim()
      .split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ level: 'INFO', message: "a line { of: 'log' }" });
  });

  it('fails the running invocation when a test kills the environment', async () => {
    const slow = call('kitchen', { do: 'pause', ms: 900 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await test.lambda.killEnvironment('kitchen');
    expect((await slow).error).toBe('Runtime.ExitError');
  });

  it('ends environments that are not used any more', async () => {
    const brief = startLambda({ idleMs: 100 });
    try {
      brief.define('kitchen', KITCHEN);
      const { text } = await textOf(await brief.lambda.invoke('kitchen', json({})));
      await until(() => !lives(JSON.parse(text).pid));
    } finally {
      await brief.close();
    }
  });

  it('waits for room instead of refusing when only the machine is full', async () => {
    const small = startLambda({ maxEnvironments: 1 });
    try {
      small.define('kitchen', KITCHEN);
      small.define('other', KITCHEN);
      const answers = await Promise.all(
        ['kitchen', 'other', 'kitchen'].map(async (name) => textOf(await small.lambda.invoke(name, json({})))),
      );
      expect(answers.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    } finally {
      await small.close();
    }
  });

  it('tries an asynchronous event three times', async () => {
    const retrying = startLambda({ asyncRetryMs: [5, 5] });
    try {
      retrying.define('kitchen', KITCHEN);
      await retrying.lambda.invokeAsync(
        'arn:aws:lambda:us-east-1:000000000000:function:kitchen',
        json({ do: 'throw' }),
      );
      await until(() => retrying.records.length === 3);
    } finally {
      await retrying.close();
    }
    expect(retrying.records).toHaveLength(3);
  });
});
