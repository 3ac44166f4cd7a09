import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqsService } from '../../../../local/services/sqs/sqs-service.ts';
import { serveService } from '../../../support/serve-service.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };
const queue = {
  name: 'python3',
  visibilityTimeoutSeconds: 30,
  delaySeconds: 0,
  retentionSeconds: 345_600,
  receiveWaitSeconds: 0,
};

let folder: string;
let clock: number;
let service: SqsService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: SQSClient;
let QueueUrl: string;

const start = async () => {
  service = new SqsService({ file: join(folder, 'sqs.db'), place, endpoint: 'http://127.0.0.1:1', now: () => clock });
  server = await serveService('sqs', service);
  client = new SQSClient({ ...server.client, useQueueUrlAsEndpoint: false });
  service.createQueue({ ...queue, name: 'dead' });
  QueueUrl = service.createQueue({
    ...queue,
    redrive: { deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maxReceiveCount: 2 },
  }).url;
};

const send = (MessageBody: string, more = {}) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
const receive = async (more = {}) =>
  (await client.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'], ...more })))
    .Messages ?? [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqs-'));
  clock = Date.UTC(2026, 10, 24);
  await start();
});

afterEach(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('a message', () => {
  test('keeps its body, attributes and group, with digests the SDK accepts', async () => {
    const body = 'grüße 🚀\n';
    const sent = await send(body, {
      MessageGroupId: 'ws1',
      MessageAttributes: {
        b: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
        a: { DataType: 'String', StringValue: 'x' },
      },
    });
    const [message] = await receive({ MessageAttributeNames: ['All'] });
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: body,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      Attributes: { MessageGroupId: 'ws1', ApproximateReceiveCount: '1', SentTimestamp: String(clock) },
    });
    expect(message?.MessageAttributes?.a?.StringValue).toBe('x');
    expect(Buffer.from(message?.MessageAttributes?.b?.BinaryValue ?? []).toString('hex')).toBe('0102');
  });

  test('is hidden after a receive until its visibility timeout runs out', async () => {
    await send('one');
    expect(await receive()).toHaveLength(1);
    expect(await receive()).toHaveLength(0);
    clock += 30_000;
    expect((await receive())[0]?.Attributes?.ApproximateReceiveCount).toBe('2');
  });

  test('goes to the dead-letter queue after exactly maxReceiveCount receives', async () => {
    await send('poison');
    for (const _ of [1, 2]) {
      expect(await receive()).toHaveLength(1);
      clock += 30_000;
    }
    expect(await receive()).toHaveLength(0);
    const dead = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: QueueUrl.replace('python3', 'dead'),
        MessageSystemAttributeNames: ['All'],
      }),
    );
    expect(dead.Messages?.[0]).toMatchObject({
      Body: 'poison',
      Attributes: {
        ApproximateReceiveCount: '3',
        DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:python3',
      },
    });
  });

  test('survives a restart, with what is in flight still in flight', async () => {
    await send('hidden');
    await receive();
    await send('waiting');
    await server.close();
    await start();
    expect((await receive({ MaxNumberOfMessages: 10 })).map((message) => message.Body)).toEqual(['waiting']);
    clock += 30_000;
    expect(await receive({ MaxNumberOfMessages: 10 })).toHaveLength(2);
  });

  test('is forgotten when its retention runs out', async () => {
    await send('old');
    clock += 345_601_000;
    expect(await receive()).toHaveLength(0);
  });
});

describe('limits', () => {
  test('a delay is 0 to 900 seconds', async () => {
    await expect(send('x', { DelaySeconds: 901 })).rejects.toThrow(/DelaySeconds must be >= 0 and <= 900/);
    await send('x', { DelaySeconds: 900 });
    expect(await receive()).toHaveLength(0);
    clock += 900_000;
    expect(await receive()).toHaveLength(1);
  });

  test('a message may have 1 MiB and not a byte more', async () => {
    await send('x'.repeat(1_048_576));
    await expect(send('x'.repeat(1_048_577))).rejects.toThrow(/shorter than 1048576/);
  });

  test('a batch has at most ten entries, and a bad one does not spoil the others', async () => {
    const entries = (count: number) => Array.from({ length: count }, (_, n) => ({ Id: `m${n}`, MessageBody: 'x' }));
    await expect(client.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries(11) }))).rejects.toThrow(
      /Maximum number/,
    );
    const mixed = [...entries(2), { Id: 'bad', MessageBody: 'x', DelaySeconds: 1000 }];
    const answer = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries: mixed }));
    expect(answer.Successful?.map((entry) => entry.Id)).toEqual(['m0', 'm1']);
    expect(answer.Failed?.map((entry) => entry.Id)).toEqual(['bad']);
  });

  test('an unknown queue and an operation that is not built are named as such', async () => {
    await expect(
      client.send(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, MessageBody: 'x' })),
    ).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    await expect(client.send(new CreateQueueCommand({ QueueName: 'x' }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
  });
});

describe('a receipt handle', () => {
  test('of an expired receive deletes nothing once the message was received again', async () => {
    await send('x');
    const [first] = await receive();
    clock += 30_000;
    const [second] = await receive();
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }));
    expect(service.counts('python3').inFlight).toBe(1);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }));
    expect(service.counts('python3')).toEqual({ visible: 0, delayed: 0, inFlight: 0 });
  });

  test('deletes its message even after the visibility ran out, if nobody else received it', async () => {
    await send('x');
    const [message] = await receive();
    clock += 60_000;
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    expect(await receive()).toHaveLength(0);
  });

  test('changes the visibility only while the message is in flight', async () => {
    await send('x');
    const [message] = await receive();
    const change = (VisibilityTimeout: number) =>
      client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
      );
    await change(0);
    await expect(change(10)).rejects.toMatchObject({ name: 'MessageNotInflight' });
    expect(await receive()).toHaveLength(1);
    await expect(change(10)).rejects.toThrow(/does not exist or is not available/);
  });

  test('that was never given out is refused', async () => {
    await expect(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'made-up' }))).rejects.toMatchObject({
      name: 'ReceiptHandleIsInvalid',
    });
  });
});

test('attributes tell the counts and the redrive policy', async () => {
  await send('x');
  await send('later', { DelaySeconds: 5 });
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesDelayed: '1',
    VisibilityTimeout: '30',
  });
  expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toMatchObject({ maxReceiveCount: 2 });
});

test('permissions name the queue and the single-message action', () => {
  const call = {
    service: 'sqs',
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': 'AmazonSQS.SendMessageBatch' },
    body: Buffer.from(JSON.stringify({ QueueUrl, Entries: [] })),
  };
  expect(service.permissions(call)).toEqual([
    { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-east-1:000000000000:python3' },
  ]);
});
