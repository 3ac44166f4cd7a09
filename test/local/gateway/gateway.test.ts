import { createServer } from 'node:http';
import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Clock } from '../../../local/clock.ts';
import { forwardsOf } from '../../../local/gateway/forward.ts';
import { Gateway } from '../../../local/gateway/gateway.ts';
import { ADMIN_KEY, place, RunningGateway } from './running-gateway.ts';

const running = await new RunningGateway().start();
afterAll(() => running.stop());
afterEach(() => {
  running.clockSkewMs = 0;
  running.gateway.faults.clear();
});

const put = (pk: string) => new PutItemCommand({ TableName: 'jobs', Item: { pk: { S: pk } } });
const get = (pk: string) => new GetItemCommand({ TableName: 'jobs', Key: { pk: { S: pk } } });
const refusal = (call: Promise<unknown>): Promise<Error & { name: string; message: string }> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

let db: DynamoDBClient;
let s3: S3Client;
beforeAll(() => {
  db = new DynamoDBClient(running.client('writer'));
  s3 = new S3Client(running.client('writer'));
});

describe('a call with the rights of its role', () => {
  it('reaches the service and comes back', async () => {
    await db.send(put('one'));
    expect((await db.send(get('one'))).Item).toEqual({ pk: { S: 'one' } });
  });

  it('is metered under its function with the capacity the table charged, and that stays private', async () => {
    running.gateway.meter.reset();
    const answer = await db.send(put('two'));
    await db.send(get('two'));
    expect(answer.ConsumedCapacity).toBeUndefined();
    const metered = running.gateway.meter.read().functions['writer-fn'];
    expect(metered?.['dynamodb:PutItem']).toMatchObject({ calls: 1, writeUnits: 1, readUnits: 0, errors: 0 });
    expect(metered?.['dynamodb:GetItem']).toMatchObject({ calls: 1, writeUnits: 0, readUnits: 0.5 });
  });

  it('is metered under its job when the function names it', async () => {
    const client = new DynamoDBClient(running.client('writer'));
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-millrace-job'] = 'job-1';
        return next(args);
      },
      { step: 'build' },
    );
    await client.send(put('three'));
    expect(running.gateway.meter.read().jobs['job-1']).toMatchObject({
      'dynamodb:PutItem': { calls: 1, writeUnits: 1 },
    });
  });

  it('carries bodies of objects both ways, byte by byte', async () => {
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 256));
    await s3.send(new PutObjectCommand({ Bucket: 'payload', Key: 'a b/ü+c', Body: body }));
    const answer = await s3.send(new GetObjectCommand({ Bucket: 'payload', Key: 'a b/ü+c' }));
    expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });
});

describe('a call of KMS', () => {
  const make = (roleName: string, EncryptionContext?: Record<string, string>) =>
    new KMSClient(running.client(roleName)).send(
      new GenerateDataKeyCommand({ KeyId: running.keyArn, KeySpec: 'AES_256', EncryptionContext }),
    );

  it('is decided by its encryption context', async () => {
    expect((await make('writer', { purpose: 'secrets', workspace: 'demo' })).Plaintext).toHaveLength(32);
    for (const context of [{ purpose: 'masks' }, { workspace: 'demo' }, undefined]) {
      const error = await refusal(make('writer', context));
      expect(error).toMatchObject({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 400 } });
    }
  });

  it('is refused to a role without a right of its own, though the policy of the key names the account', async () => {
    expect((await refusal(make('nobody', { purpose: 'secrets' }))).name).toBe('AccessDeniedException');
  });
});

describe('a call without the right', () => {
  it('gets the message of AWS, in JSON', async () => {
    const error = await refusal(new DynamoDBClient(running.client('nobody')).send(put('x')));
    expect(error.name).toBe('AccessDeniedException');
    expect(error.message).toBe(
      'User: arn:aws:sts::000000000000:assumed-role/nobody/nobody-fn is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/jobs because no identity-based policy allows the dynamodb:PutItem action',
    );
  });

  it('gets it in XML from S3', async () => {
    const client = new S3Client(running.client('nobody'));
    const error = await refusal(client.send(new GetObjectCommand({ Bucket: 'payload', Key: 'k' })));
    expect([error.name, error.message]).toEqual([
      'AccessDenied',
      expect.stringContaining('s3:GetObject on resource: arn:aws:s3:::payload/k'),
    ]);
  });

  it('is refused by action: who may send may not receive', async () => {
    const sqs = new SQSClient(running.client('writer'));
    const QueueUrl = `${running.url}/000000000000/work`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hi' }));
    expect((await refusal(sqs.send(new ReceiveMessageCommand({ QueueUrl })))).name).toMatch(/^AccessDenied/);
  });

  it('is refused by resource: an index is not its table', async () => {
    const query = new QueryCommand({
      TableName: 'jobs',
      IndexName: 'runs',
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'x' } },
    });
    expect((await refusal(db.send(query))).message).toContain('table/jobs/index/runs');
  });

  it('does not learn that an object is missing', async () => {
    const error = await refusal(s3.send(new GetObjectCommand({ Bucket: 'payload', Key: 'missing' })));
    expect([error.name, error.message]).toEqual(['AccessDenied', expect.stringContaining('s3:ListBucket')]);
  });
});

describe('a signature', () => {
  it('made with a wrong secret is refused', async () => {
    const { credentials, ...rest } = running.client('writer');
    const client = new DynamoDBClient({ ...rest, credentials: { ...credentials, secretAccessKey: 'wrong' } });
    expect((await refusal(client.send(put('x')))).name).toBe('SignatureDoesNotMatch');
  });

  it('of an unknown key is refused', async () => {
    const client = new DynamoDBClient({
      ...running.client('writer'),
      credentials: { accessKeyId: 'AKIA0', secretAccessKey: 'x' },
    });
    expect((await refusal(client.send(put('x')))).name).toBe('UnrecognizedClientException');
  });

  it('does not cover another body', async () => {
    const client = new DynamoDBClient(running.client('writer'));
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string; headers: Record<string, string> };
        request.body = request.body.replace('"x"', '"y"');
        return next(args);
      },
      { step: 'deserialize', priority: 'low' },
    );
    expect((await refusal(client.send(put('x')))).name).toBe('SignatureDoesNotMatch');
  });

  it('is good for fifteen minutes', async () => {
    running.clockSkewMs = 16 * 60_000;
    const client = new DynamoDBClient({ ...running.client('writer') });
    expect((await refusal(client.send(put('x')))).name).toBe('RequestTimeTooSkewed');
  });

  it('is needed', async () => {
    const response = await fetch(`${running.url}/payload/key`);
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('MissingAuthenticationToken'),
    ]);
  });

  it('of a service that is not built answers 501', async () => {
    const client = new LambdaClient(running.client('writer'));
    expect(await refusal(client.send(new InvokeCommand({ FunctionName: 'f' })))).toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
  });
});

describe('a presigned URL', () => {
  const sign = (expiresIn = 60) =>
    getSignedUrl(s3, new GetObjectCommand({ Bucket: 'payload', Key: 'signed' }), { expiresIn });
  beforeAll(() => s3.send(new PutObjectCommand({ Bucket: 'payload', Key: 'signed', Body: 'text' })));

  it('opens its object to whoever holds it', async () => {
    const response = await fetch(await sign());
    expect([response.status, await response.text()]).toEqual([200, 'text']);
  });

  it('opens no other object', async () => {
    const response = await fetch((await sign()).replace('/signed?', '/other?'));
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
  });

  it('cannot be prolonged', async () => {
    const response = await fetch((await sign()).replace('X-Amz-Expires=60', 'X-Amz-Expires=6000'));
    expect(response.status).toBe(403);
  });

  it('expires', async () => {
    const url = await sign(60);
    running.clockSkewMs = 61_000;
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
  });

  it('to put holds its caller to the signed headers', async () => {
    const command = new PutObjectCommand({ Bucket: 'payload', Key: 'once', IfNoneMatch: '*' });
    // without this the SDK signs the checksum of an empty body, and S3 holds the caller to it
    const client = new S3Client({ ...running.client('writer'), requestChecksumCalculation: 'WHEN_REQUIRED' });
    const url = await getSignedUrl(client, command, {
      expiresIn: 60,
      unhoistableHeaders: new Set(['if-none-match']),
      signableHeaders: new Set(['host', 'if-none-match']),
    });
    const without = await fetch(url, { method: 'PUT', body: 'a' });
    const first = await fetch(url, { method: 'PUT', body: 'a', headers: { 'if-none-match': '*' } });
    const second = await fetch(url, { method: 'PUT', body: 'b', headers: { 'if-none-match': '*' } });
    expect([without.status, first.status, second.status]).toEqual([403, 200, 412]);
  });

  it('does not open what its signer may not read', async () => {
    const client = new S3Client(running.client('nobody'));
    const response = await fetch(
      await getSignedUrl(client, new GetObjectCommand({ Bucket: 'payload', Key: 'signed' })),
    );
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('assumed-role/nobody')]);
  });
});

describe('a fault', () => {
  const exists = async (pk: string) => (await db.send(get(pk))).Item !== undefined;

  it('refuses a call, which the service never sees', async () => {
    running.gateway.faults.add({
      operation: 'PutItem',
      action: { kind: 'refuse', status: 500, code: 'InternalServerError' },
    });
    expect((await refusal(db.send(put('refused')))).name).toBe('InternalServerError');
    running.gateway.faults.clear();
    expect(await exists('refused')).toBe(false);
  });

  it('drops an answer after the service acted', async () => {
    running.gateway.faults.add({ operation: 'PutItem', action: { kind: 'drop-answer' } });
    expect(await refusal(db.send(put('dropped')))).toMatchObject({ code: 'ECONNRESET' });
    expect(await exists('dropped')).toBe(true);
  });

  it('cuts a call before the service acts', async () => {
    running.gateway.faults.add({ operation: 'PutItem', action: { kind: 'cut-before' } });
    expect(await refusal(db.send(put('cut')))).toMatchObject({ code: 'ECONNRESET' });
    expect(await exists('cut')).toBe(false);
  });

  it('strikes only the nth call that matches service, operation, function and resource', async () => {
    running.gateway.faults.add({
      service: 'dynamodb',
      function: 'fn',
      resource: 'table/jobs',
      operation: 'PutItem',
      nth: 2,
      action: { kind: 'throttle' },
    });
    await db.send(put('n1'));
    expect((await refusal(db.send(put('n2')))).name).toBe('ThrottlingException');
    await db.send(put('n3'));
  });

  it('is survived by the retries of the SDK', async () => {
    running.gateway.faults.add({ operation: 'PutItem', nth: 1, action: { kind: 'drop-answer' } });
    await new DynamoDBClient({ ...running.client('writer'), maxAttempts: 3 }).send(put('retried'));
    expect(await exists('retried')).toBe(true);
  });

  it('kills the calling function before or after the service acts', async () => {
    running.gateway.faults.add({ operation: 'PutItem', nth: 1, action: { kind: 'kill-before' } });
    running.gateway.faults.add({ operation: 'PutItem', nth: 2, action: { kind: 'kill-after' } });
    await refusal(db.send(put('k1')));
    await refusal(db.send(put('k2')));
    running.gateway.faults.clear();
    expect([await exists('k1'), await exists('k2')]).toEqual([false, true]);
    expect(running.killed).toEqual(['writer-fn', 'writer-fn']);
  });

  it('makes a message arrive twice', async () => {
    running.gateway.faults.add({ operation: 'SendMessage', action: { kind: 'duplicate' } });
    const before = running.queued();
    const QueueUrl = `${running.url}/000000000000/work`;
    await new SQSClient(running.client('writer')).send(new SendMessageCommand({ QueueUrl, MessageBody: 'twice' }));
    expect(running.queued() - before).toBe(2);
  });

  it('delays a call', async () => {
    running.gateway.faults.add({ operation: 'GetItem', nth: 1, action: { kind: 'delay', ms: 60 } });
    const before = performance.now();
    await exists('x');
    expect(performance.now() - before).toBeGreaterThan(59);
  });

  it('trace tells the calls in their order', async () => {
    running.gateway.faults.startTrace();
    await db.send(put('t'));
    await db.send(get('t'));
    expect(
      running.gateway.faults.stopTrace().map((call) => `${call.function} ${call.service}:${call.operation}`),
    ).toEqual(['writer-fn dynamodb:PutItem', 'writer-fn dynamodb:GetItem']);
  });
});

describe('the pages for tests', () => {
  const page = (method: string, path: string, body?: object, key = ADMIN_KEY) =>
    fetch(`${running.url}/_millrace/${path}`, {
      method,
      headers: { 'x-millrace-admin': key },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('open with the admin key only', async () => {
    expect((await page('GET', 'meter', undefined, 'guess')).status).toBe(403);
  });

  it('read and reset the meter', async () => {
    await db.send(get('x'));
    expect(await (await page('GET', 'meter')).json()).toMatchObject({ functions: { 'writer-fn': {} } });
    await page('POST', 'meter');
    expect(await (await page('GET', 'meter')).json()).toMatchObject({ functions: {} });
  });

  it('set and clear faults', async () => {
    await page('POST', 'faults', { operation: 'GetItem', action: { kind: 'throttle' } });
    expect((await refusal(db.send(get('x')))).name).toBe('ThrottlingException');
    await page('DELETE', 'faults');
    await db.send(get('x'));
  });

  it('refuse a fault they do not understand, naming the field', async () => {
    const response = await page('POST', 'faults', { action: { kind: 'explode' } });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('kind')]);
  });

  it('take one upload on a path nobody can guess', async () => {
    const upload = running.gateway.expectUpload();
    expect((await fetch(`${running.url}${upload.path}`, { method: 'PUT', body: 'done' })).status).toBe(200);
    expect(String(await upload.body)).toBe('done');
    expect((await fetch(`${running.url}${upload.path}`, { method: 'PUT', body: 'again' })).status).toBe(403);
  });
});

describe('a service that something else answers', () => {
  it('is called there, after IAM has been decided here', async () => {
    const other = createServer((_request, response) => response.end('{"Item":{"pk":{"S":"elsewhere"}}}'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address() as { port: number };
    const forwards = forwardsOf({ MILLRACE_DYNAMODB_ENDPOINT: `http://127.0.0.1:${address.port}` });
    const { dynamodb } = {
      dynamodb: {
        operation: () => 'GetItem',
        permissions: () => [
          { action: 'dynamodb:GetItem', resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs' },
        ],
        answer: () => Promise.reject(new Error('not here')),
        close: async () => {},
      },
    };
    const gateway = new Gateway({
      services: { dynamodb },
      forwards,
      policies: running.policies,
      credentials: running.credentials,
      place,
      adminKey: 'k',
      clock: new Clock(),
    });
    const endpoint = await gateway.listen(0);
    const answer = await new DynamoDBClient({ ...running.client('writer'), endpoint }).send(get('x'));
    expect(answer.Item).toEqual({ pk: { S: 'elsewhere' } });
    expect((await refusal(new DynamoDBClient({ ...running.client('nobody'), endpoint }).send(get('x')))).name).toBe(
      'AccessDeniedException',
    );
    await gateway.close();
    other.closeAllConnections();
    other.close();
  });

  it('must be named by an http URL', () => {
    expect(() => forwardsOf({ MILLRACE_S3_ENDPOINT: 'https://x' })).toThrow(/MILLRACE_S3_ENDPOINT/);
  });
});
