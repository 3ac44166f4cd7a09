import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SqsService } from '../../../../local/services/sqs/sqs-service.ts';
import { serveService } from '../../../support/serve-service.ts';

let folder: string;
let service: SqsService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: SQSClient;
let QueueUrl: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqs-'));
  const place = { accountId: '000000000000', region: 'us-east-1' };
  service = new SqsService({
    file: join(folder, 'sqs.db'),
    place,
    endpoint: 'http://127.0.0.1:1',
    now: () => Date.now(),
  });
  server = await serveService('sqs', service);
  client = new SQSClient({ ...server.client, useQueueUrlAsEndpoint: false });
  const seconds = { visibilityTimeoutSeconds: 1, delaySeconds: 0, retentionSeconds: 1000, receiveWaitSeconds: 20 };
  QueueUrl = service.createQueue({ name: 'bash', ...seconds }).url;
});

afterEach(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

const timed = async <T>(work: Promise<T>): Promise<{ ms: number; value: T }> => {
  const started = performance.now();
  const value = await work;
  return { ms: performance.now() - started, value };
};
const send = (MessageBody: string, DelaySeconds = 0) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }));
const poll = () => service.receive('bash', { max: 10, waitMs: 20_000 });

test('a backlog is delivered to the first poll at once', async () => {
  await send('early');
  const { ms, value } = await timed(client.send(new ReceiveMessageCommand({ QueueUrl })));
  expect(value.Messages?.[0]?.Body).toBe('early');
  expect(ms).toBeLessThan(500);
});

test('a waiting poll wakes when a message arrives', async () => {
  const polled = timed(client.send(new ReceiveMessageCommand({ QueueUrl })));
  setTimeout(() => void send('now'), 200);
  const { ms, value } = await polled;
  expect(value.Messages?.[0]?.Body).toBe('now');
  expect(ms).toBeGreaterThan(150);
  expect(ms).toBeLessThan(700);
});

test('a waiting poll wakes when a delay runs out, not before', async () => {
  const polled = timed(poll());
  await send('delayed', 1);
  const { ms, value } = await polled;
  expect(value).toHaveLength(1);
  expect(ms).toBeGreaterThan(950);
  expect(ms).toBeLessThan(1400);
});

test('of two waiting polls the second gets the message when the visibility of the first runs out', async () => {
  const polls = [timed(poll()), timed(poll())];
  await send('once');
  const [first, second] = (await Promise.all(polls)).toSorted((a, b) => a.ms - b.ms);
  expect(first?.value[0]?.attributes.ApproximateReceiveCount).toBe('1');
  expect(second?.value[0]?.attributes.ApproximateReceiveCount).toBe('2');
  expect(second?.ms).toBeLessThan(1500);
});

test('every one of many waiting polls gets one of as many messages, none twice', async () => {
  const polls = Array.from({ length: 8 }, () => service.receive('bash', { max: 1, waitMs: 900 }));
  await Promise.all(Array.from({ length: 8 }, (_, n) => send(`m${n}`)));
  const bodies = (await Promise.all(polls)).flat().map((message) => message.body);
  expect(bodies.toSorted()).toEqual(Array.from({ length: 8 }, (_, n) => `m${n}`));
});

test('an aborted poll and a poll at close end empty-handed', async () => {
  const controller = new AbortController();
  const aborted = service.receive('bash', { max: 1, waitMs: 20_000, signal: controller.signal });
  controller.abort();
  expect(await aborted).toEqual([]);
  const open = poll();
  await service.close();
  expect(await open).toEqual([]);
});
