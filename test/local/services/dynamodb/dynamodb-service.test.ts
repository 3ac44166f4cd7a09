import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DynamoDbService } from '../../../../local/services/dynamodb/dynamodb-service.ts';
import type { TableDefinition } from '../../../../local/services/dynamodb/tables.ts';
import type { Call } from '../../../../local/services/service.ts';
import { serveService } from '../../../support/serve-service.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };
const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs';
const jobs: TableDefinition = {
  TableName: 'jobs',
  AttributeDefinitions: ['pk', 'sk', 'runs', 'sort'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'runs',
      KeySchema: [
        { AttributeName: 'runs', KeyType: 'HASH' },
        { AttributeName: 'sort', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['id'] },
    },
  ],
  StreamSpecification: { StreamViewType: 'OLD_IMAGE' },
  TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
};

let folder: string;
let service: DynamoDbService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: DynamoDBClient;

const start = async () => {
  service = await DynamoDbService.start({ folder, place });
  await service.createTable(jobs);
  server = await serveService('dynamodb', service);
  client = new DynamoDBClient(server.client);
};

const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'job' } });
const put = (pk: string, more = {}) =>
  client.send(new PutItemCommand({ TableName: 'jobs', Item: { ...key(pk), ...more } }));
const get = (pk: string) => client.send(new GetItemCommand({ TableName: 'jobs', Key: key(pk) }));
const call = (operation: string, input: object): Call => ({
  service: 'dynamodb',
  method: 'POST',
  path: '/',
  query: new URLSearchParams(),
  headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` },
  body: Buffer.from(JSON.stringify(input)),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ddb-'));
  await start();
});

afterAll(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

describe('data', () => {
  test('goes in and comes out, an attribute named like the capacity too', async () => {
    await put('a', { ConsumedCapacity: { M: { x: { S: '"ConsumedCapacity":{' } } } });
    const { Item, ConsumedCapacity } = await get('a');
    expect(Item?.ConsumedCapacity).toEqual({ M: { x: { S: '"ConsumedCapacity":{' } } });
    expect(ConsumedCapacity).toBeUndefined();
  });

  test('of a conditional put that loses comes back with the old item', async () => {
    await put('b', { by: { S: 'me' } });
    const again = new PutItemCommand({
      TableName: 'jobs',
      Item: key('b'),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    await expect(client.send(again)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { by: { S: 'me' } },
    });
  });

  test('survives a kill of the server and a stop of the cloud', async () => {
    await put('kept');
    const pid = Number(readFileSync(join(folder, 'dynoxide.pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await expect(get('kept')).rejects.toMatchObject({ name: 'InternalServerError' });
    await server.close();
    await start();
    expect((await get('kept')).Item).toBeDefined();
  });

  test('stays readable when a server left behind by a killed cloud still runs', async () => {
    const orphan = await DynamoDbService.start({ folder: join(folder, 'other'), place });
    const successor = await DynamoDbService.start({ folder: join(folder, 'other'), place });
    const { arn: tableArn } = await successor.createTable(jobs);
    expect(tableArn).toBe(arn);
    await orphan.close();
    await successor.close();
  });
});

describe('capacity', () => {
  test('comes back as the caller asked: not at all, in total, or with indexes', async () => {
    const write = (ReturnConsumedCapacity?: 'TOTAL' | 'INDEXES' | 'NONE') =>
      client.send(
        new PutItemCommand({
          TableName: 'jobs',
          Item: { ...key('c'), runs: { S: 'ws' }, sort: { S: String(ReturnConsumedCapacity) } },
          ...(ReturnConsumedCapacity === undefined ? {} : { ReturnConsumedCapacity }),
        }),
      );
    expect((await write()).ConsumedCapacity).toBeUndefined();
    expect((await write('NONE')).ConsumedCapacity).toBeUndefined();
    expect((await write('TOTAL')).ConsumedCapacity).toEqual({ TableName: 'jobs', CapacityUnits: 3 });
    expect((await write('INDEXES')).ConsumedCapacity?.GlobalSecondaryIndexes?.runs?.CapacityUnits).toBe(2);
  });

  test('is told to the meter whatever the caller asked', async () => {
    const meter = async (operation: string, input: object) => {
      const { headers } = await service.answer(call(operation, input));
      return [headers['x-millrace-read-units'], headers['x-millrace-write-units']];
    };
    expect(await meter('PutItem', { TableName: 'jobs', Item: key('m') })).toEqual(['0', '1']);
    expect(await meter('GetItem', { TableName: 'jobs', Key: key('m'), ConsistentRead: true })).toEqual(['1', '0']);
    const transaction = {
      TransactItems: [{ Put: { TableName: 'jobs', Item: key('m2') } }],
      ReturnConsumedCapacity: 'TOTAL',
    };
    expect(await meter('TransactWriteItems', transaction)).toEqual(['0', '2']);
    expect(await meter('GetItem', { TableName: 'nothing', Key: key('m') })).toEqual([undefined, undefined]);
  });

  test('of calls on many items is a list', async () => {
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { jobs: { Keys: [key('c')] } }, ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(answer.ConsumedCapacity).toEqual([{ TableName: 'jobs', CapacityUnits: 0.5 }]);
    const written = await client.send(
      new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: 'jobs', Item: key('t') } }] }),
    );
    expect(written.ConsumedCapacity).toBeUndefined();
  });
});

describe('permissions', () => {
  test('name the table, or the index that is queried, and the leading keys', () => {
    expect(service.permissions(call('PutItem', { TableName: 'jobs', Item: key('p') }))).toEqual([
      { action: 'dynamodb:PutItem', resource: arn, context: { 'dynamodb:LeadingKeys': ['p'] } },
    ]);
    const query = {
      TableName: 'jobs',
      IndexName: 'runs',
      KeyConditionExpression: '#r = :ws AND begins_with(sort, :s)',
      ExpressionAttributeNames: { '#r': 'runs' },
      ExpressionAttributeValues: { ':ws': { S: 'w1' }, ':s': { S: 'x' } },
    };
    expect(service.permissions(call('Query', query))).toEqual([
      { action: 'dynamodb:Query', resource: `${arn}/index/runs`, context: { 'dynamodb:LeadingKeys': ['w1'] } },
    ]);
  });

  test('of a transaction and of a batch list every table and action', () => {
    const TransactItems = [
      { Put: { TableName: 'jobs', Item: key('x') } },
      { ConditionCheck: { TableName: 'catalog', Key: key('y'), ConditionExpression: 'attribute_exists(pk)' } },
    ];
    expect(
      service
        .permissions(call('TransactWriteItems', { TransactItems }))
        .map(({ action, resource }) => [action, resource]),
    ).toEqual([
      ['dynamodb:PutItem', arn],
      ['dynamodb:ConditionCheckItem', arn.replace('jobs', 'catalog')],
    ]);
    const RequestItems = { jobs: [{ PutRequest: { Item: key('1') } }, { DeleteRequest: { Key: key('2') } }] };
    expect(service.permissions(call('BatchWriteItem', { RequestItems }))).toEqual([
      { action: 'dynamodb:BatchWriteItem', resource: arn, context: { 'dynamodb:LeadingKeys': ['1', '2'] } },
    ]);
  });

  test('of nonsense are a validation error', () => {
    expect(() => service.permissions(call('PutItem', { Item: 3 }))).toThrow(/TableName/);
  });
});

describe('tables', () => {
  test('get the indexes they lack, filled, and keep their items', async () => {
    await put('indexed', { runs: { S: 'w' }, by_path: { S: 'f/x' }, sort: { S: '1' } });
    const definition = structuredClone(jobs);
    definition.AttributeDefinitions.push({ AttributeName: 'by_path', AttributeType: 'S' });
    definition.GlobalSecondaryIndexes?.push({
      IndexName: 'path',
      KeySchema: [
        { AttributeName: 'by_path', KeyType: 'HASH' },
        { AttributeName: 'sort', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    });
    await service.createTable(definition);
    const found = await client.send(
      new QueryCommand({
        TableName: 'jobs',
        IndexName: 'path',
        KeyConditionExpression: 'by_path = :p',
        ExpressionAttributeValues: { ':p': { S: 'f/x' } },
      }),
    );
    expect(found.Items).toHaveLength(1);
  });

  test('with other keys than on disk are refused', async () => {
    const definition = structuredClone(jobs);
    for (const part of definition.KeySchema) part.AttributeName = part.AttributeName === 'pk' ? 'sk' : 'pk';
    await expect(service.createTable(definition)).rejects.toThrow(/other keys on disk/);
  });

  test('name this region in their ARNs, and cannot be deleted by a function', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'jobs' }));
    expect(Table?.TableArn).toBe(arn);
    await expect(client.send(new DeleteTableCommand({ TableName: 'jobs' }))).rejects.toMatchObject({
      name: 'NotImplemented',
    });
  });

  test('lose the items whose time to live ran out', async () => {
    await put('old', { expires: { N: '1000' } });
    await put('young', { expires: { N: '3000' } });
    expect(await service.deleteExpired(2_000_000)).toBe(1);
    expect((await get('old')).Item).toBeUndefined();
    expect((await get('young')).Item).toBeDefined();
  });
});
