import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { S3Service } from '../../../../local/services/s3/s3-service.ts';
import type { Call } from '../../../../local/services/service.ts';
import { serveService } from '../../../support/serve-service.ts';

const Bucket = 'payloads';
let folder: string;
let clock: number;
let service: S3Service;
let server: Awaited<ReturnType<typeof serveService>>;
let client: S3Client;

const start = async () => {
  service = new S3Service({ folder, now: () => clock });
  service.createBucket({ name: Bucket, lifecycle: { abortIncompleteUploadDays: 7 } });
  server = await serveService('s3', service);
  client = new S3Client(server.client);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 's3-'));
  clock = Date.UTC(2026, 10, 24);
  await start();
});

afterEach(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

const put = (Key: string, Body: string | Buffer = 'x', more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = async (Key: string, more = {}) => {
  const answer = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return { ...answer, text: (await answer.Body?.transformToString()) ?? '' };
};
const status = (wanted: number) => ({ $metadata: { httpStatusCode: wanted } });
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('index.db'))
    .map((entry) => entry.name);

describe('an object', () => {
  test('keeps bytes, type, encoding and metadata, with its MD5 as ETag, over a restart', async () => {
    await put('ws/ü 🚀/a+b', 'hello', {
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      Metadata: { kind: 'log' },
    });
    await server.close();
    await start();
    const { text, ...answer } = await get('ws/ü 🚀/a+b');
    expect(text).toBe('hello');
    expect(answer).toMatchObject({
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      Metadata: { kind: 'log' },
      ContentLength: 5,
    });
    expect(answer.ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
    expect(answer.LastModified?.getTime()).toBe(clock);
    expect(answer.ChecksumCRC32).toBeDefined();
  });

  test('sent as a stream in chunks with a trailing checksum holds only its data', async () => {
    const data = Buffer.alloc(300_000, 'abc');
    await client.send(
      new PutObjectCommand({ Bucket, Key: 'chunked', Body: Readable.from([data]), ContentLength: data.length }),
    );
    const { text, ContentEncoding } = await get('chunked');
    expect(text).toBe(data.toString());
    expect(ContentEncoding).toBeUndefined();
  });

  test('that does not match its checksum is refused', async () => {
    await expect(put('bad', 'hello', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' });
    await expect(put('bad', 'hello', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' })).rejects.toMatchObject({
      name: 'BadDigest',
    });
    await put('good', 'hello', { ChecksumSHA256: createHash('sha256').update('hello').digest('base64') });
    expect(files()).toHaveLength(1);
  });

  test('is replaced and deleted without leaving files behind', async () => {
    await put('k', 'one');
    await put('k', 'two');
    expect((await get('k')).text).toBe('two');
    expect(files()).toHaveLength(1);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await expect(get('k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(files()).toEqual([]);
  });

  test('stays inside the folder whatever its key says', async () => {
    await put('../../../escape', 'x');
    await put('a/../b', 'y');
    expect((await get('../../../escape')).text).toBe('x');
    expect((await get('a/../b')).text).toBe('y');
    expect(files()).toHaveLength(2);
  });

  test('may be empty', async () => {
    await put('empty', '');
    expect((await get('empty')).text).toBe('');
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'empty' }))).ContentLength).toBe(0);
  });

  test('can be copied and tagged', async () => {
    await put('from', 'x', { ContentType: 'text/html', Tagging: 'a=1' });
    await client.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from` }));
    expect(await get('to')).toMatchObject({ text: 'x', ContentType: 'text/html' });
    await client.send(
      new PutObjectTaggingCommand({ Bucket, Key: 'to', Tagging: { TagSet: [{ Key: 'orphan', Value: '<1>' }] } }),
    );
    const tags = async (Key: string) => (await client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
    expect(await tags('to')).toEqual([{ Key: 'orphan', Value: '<1>' }]);
    expect(await tags('from')).toEqual([{ Key: 'a', Value: '1' }]);
  });
});

describe('a read', () => {
  test('of a range gives just that, also from the end', async () => {
    await put('r', '0123456789');
    expect(await get('r', { Range: 'bytes=2-4' })).toMatchObject({ text: '234', ContentRange: 'bytes 2-4/10' });
    expect((await get('r', { Range: 'bytes=7-' })).text).toBe('789');
    expect((await get('r', { Range: 'bytes=-3' })).text).toBe('789');
    expect((await get('r', { Range: 'bytes=5-99' })).text).toBe('56789');
    await expect(get('r', { Range: 'bytes=10-' })).rejects.toMatchObject(status(416));
  });

  test('of a version the caller has is 304, of another version than it wants 412', async () => {
    const { ETag } = await put('v');
    await expect(get('v', { IfNoneMatch: ETag })).rejects.toMatchObject(status(304));
    await expect(get('v', { IfMatch: '"other"' })).rejects.toMatchObject(status(412));
    expect((await get('v', { IfMatch: ETag })).text).toBe('x');
  });

  test('of a large object is streamed', async () => {
    const data = Buffer.alloc(5_000_000, '0123456789');
    await put('large', data);
    const answer = await service.answer(aCall('GET', '/payloads/large'));
    expect(answer.body).toBeInstanceOf(Readable);
    if (answer.body instanceof Readable) answer.body.destroy();
    expect((await get('large', { Range: 'bytes=4999990-' })).text).toBe('0123456789');
    expect((await get('large')).text).toHaveLength(5_000_000);
  });
});

describe('conditional writes', () => {
  test('of sixteen creators of one key have one winner', async () => {
    const racers = Array.from({ length: 16 }, (_, n) => put('race', `racer ${n}`, { IfNoneMatch: '*' }));
    const results = await Promise.allSettled(racers);
    const winners = results.flatMap((result, n) => (result.status === 'fulfilled' ? [n] : []));
    expect(winners).toHaveLength(1);
    expect((await get('race')).text).toBe(`racer ${winners[0]}`);
    expect(results.filter((result) => result.status === 'rejected').map((result) => result.reason.name)).toEqual(
      Array(15).fill('PreconditionFailed'),
    );
    expect(files()).toHaveLength(1);
  });

  test('of sixteen updaters of one version have one winner', async () => {
    const { ETag } = await put('update');
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, (_, n) => put('update', `updater ${n}`, { IfMatch: ETag })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    await expect(put('absent', 'x', { IfMatch: ETag })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

describe('a listing', () => {
  test('is sorted by bytes, by prefix, in pages', async () => {
    for (const key of ['b/2', 'a', 'b/1', 'b/10', 'c', 'b/ü']) await put(key);
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: 'b/',
          MaxKeys: 2,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
      keys.push(...(page.Contents ?? []).map((object) => object.Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(keys).toEqual(['b/1', 'b/10', 'b/2', 'b/ü']);
    const rest = await client.send(new ListObjectsV2Command({ Bucket, StartAfter: 'b/2' }));
    expect(rest.Contents?.map((object) => object.Key)).toEqual(['b/ü', 'c']);
  });

  test('rolls keys up at a delimiter, each prefix once, over pages too', async () => {
    for (const key of ['x/1', 'x/2', 'y', 'z/1&2', 'z/3']) await put(key);
    const page = async (ContinuationToken?: string) =>
      await client.send(
        new ListObjectsV2Command({
          Bucket,
          Delimiter: '/',
          MaxKeys: 2,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
    const first = await page();
    expect([first.CommonPrefixes?.map((one) => one.Prefix), first.Contents?.map((one) => one.Key)]).toEqual([
      ['x/'],
      ['y'],
    ]);
    const second = await page(first.NextContinuationToken);
    expect([second.CommonPrefixes?.map((one) => one.Prefix), second.Contents, second.IsTruncated]).toEqual([
      ['z/'],
      undefined,
      false,
    ]);
  });

  test('shrinks when many objects are deleted at once', async () => {
    for (const key of ['a', 'b&<', 'c']) await put(key);
    const Objects = [{ Key: 'a' }, { Key: 'b&<' }, { Key: 'never' }];
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(answer.Deleted?.map((one) => one.Key)).toEqual(['a', 'b&<', 'never']);
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(1);
  });
});

describe('a multipart upload', () => {
  const Key = 'big';
  const begin = async () =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'a/b' }))).UploadId;
  const part = (UploadId: string | undefined, PartNumber: number, Body: Buffer) =>
    client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));

  test('joins its parts in order', async () => {
    const UploadId = await begin();
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('end')];
    const Parts = await Promise.all(
      parts.map(async (data, n) => ({ PartNumber: n + 1, ETag: (await part(UploadId, n + 1, data)).ETag })),
    );
    const done = await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const { text, ContentType } = await get(Key);
    expect(text).toBe(Buffer.concat(parts).toString());
    expect(ContentType).toBe('a/b');
    expect(files()).toHaveLength(1);
  });

  test('with a small or missing part, or of an unknown id, is refused', async () => {
    const UploadId = await begin();
    const ETags = [await part(UploadId, 1, Buffer.from('s')), await part(UploadId, 2, Buffer.from('s'))].map(
      (one) => one.ETag,
    );
    const complete = (Parts: object[]) =>
      client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
    await expect(complete(ETags.map((ETag, n) => ({ PartNumber: n + 1, ETag })))).rejects.toMatchObject({
      name: 'EntityTooSmall',
    });
    await expect(complete([{ PartNumber: 9, ETag: ETags[0] }])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(part('none', 1, Buffer.from('s'))).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  test('goes without a trace when aborted, by its caller or by its age', async () => {
    const UploadId = await begin();
    await part(UploadId, 1, Buffer.from('s'));
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    await part(await begin(), 1, Buffer.from('s'));
    expect(files()).toHaveLength(1);
    clock += 8 * 86_400_000;
    await service.applyLifecycle();
    expect(files()).toEqual([]);
  });
});

const aCall = (method: string, url: string, headers: Record<string, string> = {}): Call => {
  const [path = '', query] = url.split('?');
  return { service: 's3', method, path, query: new URLSearchParams(query), headers, body: Buffer.alloc(0) };
};

test('presigned URLs put and get, with their conditions and checksum in the query', async () => {
  const sha256 = createHash('sha256').update('body').digest('base64');
  const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'p', ChecksumSHA256: sha256 }));
  expect((await fetch(url, { method: 'PUT', body: 'wrong' })).status).toBe(400);
  expect((await fetch(url, { method: 'PUT', body: 'body', headers: { 'if-none-match': '*' } })).status).toBe(200);
  expect((await fetch(url, { method: 'PUT', body: 'body', headers: { 'if-none-match': '*' } })).status).toBe(412);
  const read = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'p', ResponseContentType: 'text/x' }));
  const answer = await fetch(read);
  expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['text/x', 'body']);
});

test('an unknown bucket is 404, what is not built 501', async () => {
  await expect(client.send(new GetObjectCommand({ Bucket: 'nope', Key: 'x' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
  await expect(client.send(new GetBucketAclCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotImplemented' });
});

test('permissions name the object and carry what bucket policies ask for', () => {
  expect(service.permissions(aCall('PUT', '/payloads/a%20b', { 'if-none-match': '*' }))).toEqual([
    {
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::payloads/a b',
      context: { 's3:if-none-match': ['*'], 's3:ObjectCreationOperation': ['true'] },
    },
  ]);
  expect(service.permissions(aCall('GET', '/payloads?list-type=2&prefix=ws'))).toEqual([
    { action: 's3:ListBucket', resource: 'arn:aws:s3:::payloads', context: { 's3:prefix': ['ws'] } },
  ]);
  expect(service.permissionToLearnAbsence(aCall('GET', '/payloads/x'))?.action).toBe('s3:ListBucket');
});
