import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { smallStack, writeAssembly } from './written-assembly.ts';

const CODE = `
import { appendFileSync } from 'node:fs';
export const handler = async (event) => {
  if (event.RequestType) {
    const word = event.ResourceProperties.Word;
    const Status = word === 'bad' ? 'FAILED' : 'SUCCESS';
    await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status, Reason: 'the word is ' + word, PhysicalResourceId: event.RequestType }) });
    return;
  }
  if (event.Records) { console.log('got ' + event.Records[0].body); return; }
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ path: event.rawPath, origin: event.headers['x-origin'], env: process.env }) };
};`;

type Echo = { path: string; origin: string; env: Record<string, string> };

const homes: string[] = [];
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-home-'));
  homes.push(home);
  return home;
};
const running: LocalCloud[] = [];
const start = async (assemblyDir: string, home = newHome(), adminToken?: string): Promise<LocalCloud> => {
  const cloud = await startLocalCloud({
    home,
    port: 0,
    assemblyDir,
    ...(adminToken === undefined ? {} : { adminToken }),
  });
  running.push(cloud);
  return cloud;
};
afterEach(async () => {
  for (const cloud of running.splice(0)) await cloud.stop();
});
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const small = (change: (stack: ReturnType<typeof smallStack>) => void = () => {}): string => {
  const stack = smallStack();
  change(stack);
  return writeAssembly(stack, CODE);
};

describe('an assembly', () => {
  it('becomes what it says: routes, environment, secrets, credentials, pages', async () => {
    const cloud = await start(small());
    const echoed = (await (await fetch(`${cloud.url}/api/x`)).json()) as Echo;
    const { path, origin, env } = echoed;
    expect({ path, origin }).toEqual({ path: '/api/x', origin: 'secret' });
    expect(env).toMatchObject({ TABLE: 'small-Table', ORIGIN: cloud.adminToken, AWS_ENDPOINT_URL: cloud.gatewayUrl });
    expect(env.AWS_ACCESS_KEY_ID).toMatch(/^AKIA/);
    expect(env.KEY).toMatch(/^arn:aws:kms:us-east-1:000000000000:key\/[0-9a-f-]{36}$/);
    await cloud.services.s3.putObject('small-pages', 'index.html', Buffer.from('<h1>hi</h1>'), {});
    expect(await (await fetch(cloud.url)).text()).toBe('<h1>hi</h1>');
  });

  it('feeds its function from the queue, and every poll is metered', async () => {
    const home = newHome();
    const cloud = await start(small(), home);
    cloud.sqs.send('small-Queue', { body: 'work' });
    const log = join(home, 'logs', 'echo.log');
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 5000 }).toContain('got work');
    await expect
      .poll(() => cloud.meter.read().functions['event-sources'])
      .toMatchObject({ 'sqs:ReceiveMessage': {}, 'sqs:DeleteMessageBatch': { calls: 1 } });
  });

  it('keeps its state over a restart', async () => {
    const home = newHome();
    const assembly = small();
    const first = await start(assembly, home);
    const call = (target: string, input: object) => ({
      service: 'dynamodb',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': `DynamoDB_20120810.${target}` },
      body: Buffer.from(JSON.stringify({ TableName: 'small-Table', ...input })),
    });
    await first.services.dynamodb.answer(call('PutItem', { Item: { pk: { S: 'kept' } } }));
    await first.stop();
    const second = await start(assembly, home);
    expect(second.adminToken).toBe(first.adminToken);
    const answer = await second.services.dynamodb.answer(call('GetItem', { Key: { pk: { S: 'kept' } } }));
    expect(String(answer.body)).toContain('kept');
  });

  it('takes a preset admin token', async () => {
    expect((await start(small(), undefined, 'preset-token')).adminToken).toBe('preset-token');
  });
});

describe('a custom resource', () => {
  const bookOf = (home: string) => JSON.parse(readFileSync(join(home, 'custom-resources.json'), 'utf8'))['small/Seed'];

  it('is created once, and updated when its properties change', async () => {
    const home = newHome();
    const assembly = small();
    await (await start(assembly, home)).stop();
    expect(bookOf(home)).toMatchObject({ physicalId: 'Create', properties: { Word: 'one' } });
    const again = await start(assembly, home);
    expect(again.meter.read().invocations).toEqual({});
    await again.stop();
    await start(
      small((stack) => Object.assign(stack.Seed?.Properties ?? {}, { Word: 'two' })),
      home,
    );
    expect(bookOf(home)).toMatchObject({ physicalId: 'Update', properties: { Word: 'two' } });
  });

  it('that fails stops the start with its reason', async () => {
    const bad = small((stack) => Object.assign(stack.Seed?.Properties ?? {}, { Word: 'bad' }));
    await expect(start(bad)).rejects.toThrow('small/Seed (Custom::Seed): the word is bad');
  });
});

describe('the start is refused, naming the resource, when the template', () => {
  it.each<[string, Parameters<typeof small>[0], RegExp]>([
    [
      'has a resource of an unknown type',
      (stack) => Object.assign(stack, { Stream: { Type: 'AWS::Kinesis::Stream' } }),
      /small\/Stream \(AWS::Kinesis::Stream\)/,
    ],
    [
      'has a property that is not understood',
      (stack) => Object.assign(stack.EchoFunction?.Properties ?? {}, { VpcConfig: {} }),
      /EchoFunction.*VpcConfig/s,
    ],
    [
      'forgets the permission of a function URL',
      (stack) => delete stack.InvokePermission,
      /function URL of echo lacks lambda:InvokeFunction/,
    ],
    [
      'forgets that pollers may poll',
      (stack) => delete stack.RolePolicy,
      /event source of echo lacks sqs:ReceiveMessage/,
    ],
    ['keeps the pages from the front door', (stack) => delete stack.PagesPolicy, /lacks s3:GetObject/],
    [
      'lets nobody wear the role',
      (stack) => Object.assign(stack.Role?.Properties ?? {}, { AssumeRolePolicyDocument: { Statement: [] } }),
      /echo may not wear small-Role/,
    ],
    [
      'names an asset that does not exist',
      (stack) => Object.assign(stack.EchoFunction?.Properties ?? {}, { Code: { S3Bucket: 'a', S3Key: 'b.zip' } }),
      /no asset b/,
    ],
  ])('%s', async (_what, change, message) => {
    await expect(start(small(change))).rejects.toThrow(message);
  });
});

describe('a start that cannot be', () => {
  it('on a port in use names PORT', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    await expect(startLocalCloud({ home: newHome(), port, assemblyDir: small() })).rejects.toThrow(
      `port ${port} is in use: set PORT`,
    );
    other.close();
  });

  it('on a state folder in use names MILLRACE_HOME', async () => {
    const home = newHome();
    await start(small(), home);
    await expect(startLocalCloud({ home, port: 0, assemblyDir: small() })).rejects.toThrow(
      /another Millrace runs on .*MILLRACE_HOME/,
    );
  });

  it('without an assembly says what to do', async () => {
    const empty = newHome();
    writeFileSync(join(empty, 'x'), '');
    await expect(start(empty)).rejects.toThrow(/holds no cloud assembly/);
  });
});
