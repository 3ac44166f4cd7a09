import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PollRecord, QueueMappingDefinition } from '../../../local/lambda/definitions.ts';
import { QueueMapping, type QueueMappingConfig } from '../../../local/lambda/queue-mapping.ts';
import { SqsService } from '../../../local/services/sqs/sqs-service.ts';
import { startLambda, type TestLambda, until } from './functions.ts';

const WORKER = `
import { setTimeout as pause } from 'node:timers/promises';
export const handler = async (event) => {
  const bodies = event.Records.map(({ body }) => JSON.parse(body));
  for (const { ms } of bodies) if (ms) await pause(ms);
  if (bodies.some(({ crash }) => crash)) throw new Error('crash');
  const bad = event.Records.filter(({ body }) => JSON.parse(body).fail);
  return { batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

describe('an SQS event source mapping', () => {
  let test: TestLambda;
  let sqs: SqsService;
  let mapping: QueueMapping | undefined;
  let polls: PollRecord[];

  const send = (body: unknown): void => sqs.send('jobs', { body: JSON.stringify(body) });
  const map = (more: Partial<QueueMappingDefinition> = {}, config: Partial<QueueMappingConfig> = {}): void => {
    const queueArn = 'arn:aws:sqs:us-east-1:000000000000:jobs';
    mapping = new QueueMapping(
      {
        id: 'm',
        functionName: 'worker',
        queueName: 'jobs',
        queueArn,
        batchSize: 1,
        reportBatchItemFailures: true,
        ...more,
      },
      { source: sqs, invoker: test.lambda, localConcurrency: 2, meter: (record) => polls.push(record), ...config },
    );
    mapping.start();
  };

  beforeEach(() => {
    test = startLambda();
    polls = [];
    sqs = new SqsService({
      file: join(test.stateDir, 'sqs.db'),
      place: { accountId: '000000000000', region: 'us-east-1' },
      endpoint: 'http://127.0.0.1:9',
      now: Date.now,
    });
    const settings = { delaySeconds: 0, retentionSeconds: 3600, receiveWaitSeconds: 0 };
    sqs.createQueue({ name: 'jobs', visibilityTimeoutSeconds: 1, ...settings });
  });
  afterEach(async () => {
    await mapping?.close();
    await sqs.close();
    await test.close();
  });

  it('delivers a backlog that was there before it started, and deletes what was processed', async () => {
    test.define('worker', WORKER);
    for (let n = 0; n < 50; n += 1) send({ n });
    map({ batchSize: 10 });
    await until(
      () =>
        polls.reduce((sum, { operation, messages }) => sum + (operation === 'DeleteMessageBatch' ? messages : 0), 0) ===
        50,
    );
    expect(sqs.counts('jobs')).toEqual({ visible: 0, delayed: 0, inFlight: 0 });
    await until(() => test.records.length >= 5);
  });

  it('goes on when its queue can be read again', async () => {
    test.define('worker', WORKER);
    send({ n: 1 });
    const store = Object.create(sqs);
    let fails = 3;
    store.receive = async (...asked: Parameters<SqsService['receive']>) => {
      fails -= 1;
      if (fails >= 0) throw new Error('database or disk is full');
      return sqs.receive(...asked);
    };
    for (const name of ['delete', 'changeVisibility', 'hideLonger'] as const) store[name] = sqs[name].bind(sqs);
    map({}, { source: store });
    await until(() => polls.some(({ operation }) => operation === 'DeleteMessageBatch'));
  });

  it('leaves exactly the messages that failed in the queue', async () => {
    test.define('worker', WORKER);
    send({ n: 1 });
    send({ n: 2, fail: true });
    send({ n: 3 });
    map({ batchSize: 10 });
    await until(() => polls.some(({ operation }) => operation === 'DeleteMessageBatch'));
    expect(sqs.counts('jobs')).toEqual({ visible: 0, delayed: 0, inFlight: 1 });
  });

  it('delivers a message again when its visibility has run out after a crash', async () => {
    test.define('worker', WORKER);
    send({ crash: true });
    map();
    await until(() => test.records.length >= 2);
    expect(test.records.map(({ error }) => error)).toEqual(['Error', 'Error']);
  });

  it('keeps to the concurrency of the template and of the machine', async () => {
    test.define('worker', WORKER, { reservedConcurrency: 2 });
    for (let n = 0; n < 8; n += 1) send({ n, ms: 30 });
    map({ maximumConcurrency: 8 }, { localConcurrency: 2 });
    await until(() => test.records.length === 8);
    expect(polls.some(({ operation }) => operation === 'ChangeMessageVisibilityBatch')).toBe(false);
  });

  it('gives messages back to the queue while the function is throttled, and loses none', async () => {
    test.define('worker', WORKER, { reservedConcurrency: 1 });
    const busy = test.lambda.invoke('worker', Buffer.from(JSON.stringify({ Records: [{ body: '{"ms":900}' }] })));
    send({ n: 1 });
    map({}, { throttlePatienceMs: 100 });
    await until(() => polls.some(({ operation }) => operation === 'ChangeMessageVisibilityBatch'));
    expect(sqs.counts('jobs').inFlight).toBe(1);
    await busy;
  });

  it('deletes unread what the filter of the template does not want', async () => {
    test.define('worker', WORKER);
    send({ kind: 'cat' });
    send({ kind: 'dog' });
    map({ filters: ['{"body":{"kind":["dog"]}}'] });
    await until(() => sqs.counts('jobs').inFlight + sqs.counts('jobs').visible === 0 && test.records.length === 1);
    expect(test.records).toHaveLength(1);
  });

  it('polls an empty queue as seldom as a long poll allows', async () => {
    test.define('worker', WORKER);
    map();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(polls).toEqual([]);
  });
});
