import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clock } from '../../local/clock.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { smallStack, writeAssembly } from './assembly/written-assembly.ts';

const DAY_MS = 86_400_000;

describe('a clock', () => {
  it('shows the time of the machine until it is advanced', () => {
    const clock = new Clock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(50);
    clock.advance(3 * DAY_MS);
    clock.advance(1);
    expect(clock.aheadMs).toBe(3 * DAY_MS + 1);
    expect(Math.abs(clock.now() - Date.now() - clock.aheadMs)).toBeLessThan(50);
  });

  it('never goes back', () => {
    expect(() => new Clock().advance(-1)).toThrow('only goes forward');
    expect(() => new Clock().advance(Number.NaN)).toThrow('only goes forward');
  });

  it('wakes a sleeper once enough of its time has passed, and not before', async () => {
    const clock = new Clock();
    let awake = false;
    const slept = clock.sleep(60_000).then(() => {
      awake = true;
    });
    clock.advance(59_000);
    await Promise.resolve();
    expect(awake).toBe(false);
    clock.advance(1_000);
    await slept;
    expect(awake).toBe(true);
  });

  it('lets an aborted sleeper go', async () => {
    const clock = new Clock();
    const stop = new AbortController();
    const slept = clock.sleep(60_000, stop.signal);
    stop.abort();
    await slept;
    await clock.sleep(60_000, AbortSignal.abort());
  });
});

/** Tells what time it is by every way code has; at import, too. */
const CODE = `
import { DynamoDBClient, PutItemCommand } from '${import.meta.resolve('@aws-sdk/client-dynamodb')}';
const now = Date.now;
const imported = now();
const client = new DynamoDBClient({ maxAttempts: 3 });
const put = async (pk, ttl) => client.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, ttl: { N: String(ttl) } } }));
export const handler = async (event, context) => {
  if (event.RequestType) {
    await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS', PhysicalResourceId: 'x' }) });
    return;
  }
  if (event.Records) { for (const { body } of event.Records) console.log('got ' + body + ' at ' + Date.now()); return; }
  if (event.tick) { console.log('ticked at ' + Date.now()); return; }
  if (event.rawPath === '/api/put') await put('from-function', 9e9);
  const body = { imported, kept: now(), made: new Date().getTime(), said: Date.parse(Date()), given: new Date(5).getTime(),
    date: new Date() instanceof Date, left: context.getRemainingTimeInMillis(), env: process.env.MILLRACE_AHEAD_MS ?? null };
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
};`;

const stackWithTick = () => {
  const stack = smallStack();
  Object.assign(stack.Table?.Properties ?? {}, {
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  });
  const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
  const role = (Service: string, Action: string, Resource: unknown) => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service } }] },
      Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource }] } }],
    },
  });
  stack.TickRole = role('scheduler.amazonaws.com', 'lambda:InvokeFunction', arn('EchoFunction'));
  stack.Tick = {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      ScheduleExpression: 'rate(1 hour)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arn('EchoFunction'), RoleArn: arn('TickRole'), Input: '{"tick": true}' },
    },
  };
  return stack;
};

describe('a local cloud whose clock is advanced', () => {
  const home = mkdtempSync(join(tmpdir(), 'millrace-clock-'));
  let cloud: LocalCloud;
  beforeAll(async () => {
    cloud = await startLocalCloud({ home, port: 0, assemblyDir: writeAssembly(stackWithTick(), CODE) });
  });
  afterAll(async () => {
    await cloud.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const near = (time: number, expected = cloud.clock.now()): void => {
    expect(Math.abs(time - expected)).toBeLessThan(5_000);
  };
  const ask = async (path: string): Promise<Record<string, number>> =>
    (await (await fetch(`${cloud.url}${path}`)).json()) as Record<string, number>;
  const log = (): string => readFileSync(join(home, 'logs', 'echo.log'), 'utf8');
  const logged = (text: RegExp): Promise<void> => expect.poll(log, { timeout: 5_000 }).toMatch(text);

  it('takes its functions with it, those that are up and those that start, by every way to tell the time', async () => {
    near((await ask('/api/time')).kept ?? 0, Date.now());
    cloud.clock.advance(3 * DAY_MS);
    const warm = await ask('/api/time');
    for (const time of [warm.kept, warm.made, warm.said]) near(time ?? 0);
    near(warm.imported ?? 0, Date.now());
    expect(warm).toMatchObject({ given: 5, date: true, env: null });
    expect(warm.left).toBeGreaterThan(5_000);
    expect(warm.left).toBeLessThanOrEqual(10_000);
    await cloud.lambda.killEnvironment('echo');
    near((await ask('/api/time')).imported ?? 0);
  });

  it('takes the signatures of its functions', async () => {
    expect((await fetch(`${cloud.url}/api/put`)).status).toBe(200);
    cloud.clock.advance(DAY_MS);
    expect((await fetch(`${cloud.url}/api/put`)).status).toBe(200);
  });

  it('delivers delayed messages when their time has come, and not before', async () => {
    const { body } = await cloud.services.sqs.answer({
      service: 'sqs',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': 'AmazonSQS.SendMessage' },
      body: Buffer.from(
        JSON.stringify({ QueueUrl: 'http://x/0/small-Queue', MessageBody: 'later', DelaySeconds: 900 }),
      ),
    });
    expect(String(body)).toContain('MessageId');
    cloud.clock.advance(890_000);
    expect(cloud.sqs.counts('small-Queue')).toMatchObject({ delayed: 1 });
    expect(log()).not.toContain('got later');
    cloud.clock.advance(10_000);
    await logged(/got later at/);
    near(Number(/got later at (\d+)/.exec(log())?.[1]));
  });

  it('makes the runs of its schedules that became due, each once', async () => {
    await logged(/ticked at/);
    const before = log().match(/ticked at/g)?.length ?? 0;
    cloud.clock.advance(5 * 3_600_000);
    await expect.poll(() => log().match(/ticked at/g)?.length).toBe(before + 1);
  });

  it('can be ticked: the target of a schedule is invoked now, to its end', async () => {
    const before = log().match(/ticked at/g)?.length ?? 0;
    await cloud.tick('echo');
    expect(log().match(/ticked at/g)?.length).toBe(before + 1);
  });

  it('deletes items whose time to live ran out', async () => {
    const call = (target: string, input: object) =>
      cloud.services.dynamodb.answer({
        service: 'dynamodb',
        method: 'POST',
        path: '/',
        query: new URLSearchParams(),
        headers: { 'x-amz-target': `DynamoDB_20120810.${target}` },
        body: Buffer.from(JSON.stringify({ TableName: 'small-Table', ...input })),
      });
    const Key = { pk: { S: 'short-lived' } };
    const ttl = { N: String(Math.floor(cloud.clock.now() / 1000) + 3_600) };
    await call('PutItem', { Item: { ...Key, ttl } });
    const found = async (): Promise<boolean> => String((await call('GetItem', { Key })).body).includes('short-lived');
    cloud.clock.advance(3_590_000);
    expect(await found()).toBe(true);
    cloud.clock.advance(20_000);
    await expect.poll(found).toBe(false);
  });

  it('can be advanced from another process', async () => {
    const before = cloud.clock.aheadMs;
    const post = (body: object) =>
      fetch(`${cloud.gatewayUrl}/_millrace/clock`, {
        method: 'POST',
        headers: { 'x-millrace-admin': cloud.adminKey },
        body: JSON.stringify(body),
      });
    expect((await post({ advanceMs: 1_500 })).status).toBe(200);
    expect(cloud.clock.aheadMs).toBe(before + 1_500);
    expect((await post({ advanceMs: -1 })).status).toBe(400);
  });
});
