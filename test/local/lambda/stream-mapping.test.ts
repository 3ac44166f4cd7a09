import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StreamMappingDefinition } from '../../../local/lambda/definitions.ts';
import { StreamMapping } from '../../../local/lambda/stream-mapping.ts';
import { Backend } from '../../../local/services/dynamodb/backend.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/dynamodb-service.ts';
import type { StreamRecord } from '../../../local/services/dynamodb/table-stream.ts';
import { serveService } from '../../support/serve-service.ts';
import { startLambda, type TestLambda, until } from './functions.ts';

const REMOVED_BY_TTL = JSON.stringify({
  eventName: ['REMOVE'],
  userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
  dynamodb: { Keys: { sk: { S: ['job'] } } },
});
/** Notes each batch in a file; a record of an item named `bad...` fails. */
const CLEANER = `
import { appendFileSync } from 'node:fs';
export const handler = async ({ Records }) => {
  const ids = Records.map(({ dynamodb }) => dynamodb.Keys.pk.S);
  appendFileSync(process.env.SEEN, JSON.stringify(ids) + '\\n');
  if (process.env.WAY === 'throw' && ids.some((id) => id.startsWith('bad'))) throw new Error('bad');
  const bad = Records.filter(({ dynamodb }) => dynamodb.Keys.pk.S.startsWith('bad'));
  return { batchItemFailures: bad.slice(0, 1).map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) };
};`;

/** A batch counts as processed up to the record it names. */
const upToBad = (batch: string[]): number => (batch.includes('bad') ? batch.indexOf('bad') : batch.length);

describe('a stream event source mapping', () => {
  let lambda: TestLambda;
  let dynamo: DynamoDbService;
  let backend: Backend;
  let server: Awaited<ReturnType<typeof serveService>>;
  let mapping: StreamMapping | undefined;
  let sent: string[];
  let batches: string[][];

  const map = (more: Partial<StreamMappingDefinition> = {}): void => {
    const source = dynamo.stream('jobs');
    mapping = new StreamMapping(
      {
        id: 's',
        functionName: 'cleaner',
        tableName: 'jobs',
        streamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs/stream/local',
        startingPosition: 'TRIM_HORIZON',
        batchSize: 100,
        bisect: true,
        maximumRetries: 1,
        failureQueueArn: 'arn:aws:sqs:us-east-1:000000000000:lost',
        reportBatchItemFailures: true,
        filters: [REMOVED_BY_TTL],
        ...more,
      },
      {
        source,
        invoker: {
          invoke: (name, payload) => {
            const { Records } = JSON.parse(payload.toString()) as { Records: StreamRecord[] };
            batches.push(Records.map(({ dynamodb }) => String((dynamodb.Keys.pk as { S: string }).S)));
            return lambda.lambda.invoke(name, payload);
          },
        },
        checkpointFile: join(lambda.stateDir, 'stream-s'),
        now: Date.now,
        send: (queue, body) => sent.push(`${queue} ${body}`),
        retryMs: 5,
      },
    );
    mapping.start();
  };
  const put = (pk: string, expires: number, sk = 'job') =>
    backend.call('PutItem', {
      TableName: 'jobs',
      Item: { pk: { S: pk }, sk: { S: sk }, expires: { N: `${expires}` } },
    });

  beforeEach(async () => {
    lambda = startLambda();
    sent = [];
    batches = [];
    const place = { accountId: '000000000000', region: 'us-east-1' };
    dynamo = await DynamoDbService.start({ folder: join(lambda.stateDir, 'dynamodb'), place });
    await dynamo.createTable({
      TableName: 'jobs',
      AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' as const })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      StreamSpecification: { StreamViewType: 'OLD_IMAGE' },
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
    server = await serveService('dynamodb', dynamo);
    const { hostname, port } = new URL(server.endpoint);
    backend = new Backend(`http://${hostname}:${port}/`);
    lambda.define('cleaner', CLEANER, { environment: { SEEN: join(lambda.stateDir, 'seen'), WAY: 'report' } });
  });
  afterEach(async () => {
    await mapping?.close();
    backend.close();
    await server.close();
    await lambda.close();
  });

  it('hands on what the time to live removed, with the old image, and nothing that somebody else removed', async () => {
    await put('gone', 10);
    await put('gone', 10, 'args#1');
    await put('by-hand', 10);
    await put('young', 9_999_999_999);
    await backend.call('DeleteItem', { TableName: 'jobs', Key: { pk: { S: 'by-hand' }, sk: { S: 'job' } } });
    expect(await dynamo.deleteExpired(20_000)).toBe(2);
    const { records } = dynamo.stream('jobs').after(0, 100, ['REMOVE']);
    expect(records.map(({ userIdentity }) => userIdentity?.principalId)).toEqual([
      undefined,
      'dynamodb.amazonaws.com',
      'dynamodb.amazonaws.com',
    ]);
    expect(records.at(-1)).toMatchObject({ dynamodb: { OldImage: { expires: { N: '10' } } } });
    map();
    await until(() => batches.length > 0);
    expect(batches).toEqual([['gone']]);
  });

  it('goes on after a restart where it was', async () => {
    await put('first', 10);
    await dynamo.deleteExpired(20_000);
    map();
    await until(() => lambda.records.length === 1);
    await mapping?.close();
    await put('second', 10);
    await dynamo.deleteExpired(20_000);
    map();
    await until(() => batches.length === 2);
    expect(batches).toEqual([['first'], ['second']]);
  });

  it.each(['report', 'throw'])(
    'finds out the one bad record, tells of it, and processes the others (%s)',
    async (way) => {
      lambda.define('other', CLEANER, { environment: { SEEN: join(lambda.stateDir, 'seen'), WAY: way } });
      for (const id of ['a', 'b', 'bad', 'c', 'd']) await put(id, 10);
      await dynamo.deleteExpired(20_000);
      map({ functionName: 'other' });
      const processed = (): Set<string> =>
        new Set(
          batches.flatMap((batch) =>
            way === 'report' || !batch.includes('bad') ? batch.slice(0, upToBad(batch)) : [],
          ),
        );
      await until(() => sent.length > 0 && processed().size === 4);
      expect(sent).toHaveLength(1);
      expect(sent[0]).toMatch(/^lost .*"RetryAttemptsExhausted".*"batchSize":1,/);
      expect(processed()).toEqual(new Set(['a', 'b', 'c', 'd']));
    },
  );

  it('is forgotten after a day, all but the newest record, which numbers the next', async () => {
    for (const id of ['a', 'b', 'c']) await put(id, 9_999_999_999);
    const stream = dynamo.stream('jobs');
    stream.trim(Date.now());
    expect(stream.after(0, 10, ['INSERT']).records).toHaveLength(3);
    stream.trim(Date.now() + 25 * 3_600_000);
    expect(stream.after(0, 10, ['INSERT']).records.map(({ eventID }) => eventID)).toEqual(['3']);
    await put('d', 9_999_999_999);
    expect(stream.newest()).toBe(4);
  });
});
