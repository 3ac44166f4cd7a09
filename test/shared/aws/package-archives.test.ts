import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { S3Service } from '../../../local/services/s3/s3-service.ts';
import { S3PackageArchives } from '../../../shared/aws/package-archives.ts';
import { packageKey } from '../../../shared/model/python-lock.ts';
import { serveService } from '../../support/serve-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'package-archives-test-'));
let server: Awaited<ReturnType<typeof serveService>>;
let now = Date.now();
const archives = new S3PackageArchives('cache', () => now);

beforeAll(async () => {
  const s3 = new S3Service({ folder, now: Date.now });
  s3.createBucket({ name: 'cache' });
  server = await serveService('s3', s3);
  const keys = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  Object.assign(process.env, { ...keys, AWS_ENDPOINT_URL_S3: server.client.endpoint });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const stated = (body: string) => ({ bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });
const put = async (body: string, as = stated(body), workspace = 'demo') => {
  const [place] = await archives.places(workspace, [as], 60);
  return (await fetch(place!.url, { method: 'PUT', headers: place!.headers, body })).status;
};
const get = async (body: string, workspace = 'demo') => {
  const [url] = await archives.links(workspace, [stated(body).sha256], 60);
  const answer = await fetch(url!);
  return answer.ok ? answer.text() : answer.status;
};

describe('an archive', () => {
  it('is put once, by a link that is good for its content only, and read by another', async () => {
    expect(await put('other', stated('an archive'))).toBe(400);
    expect(await put('an archive')).toBe(200);
    expect(await put('an archive')).toBe(412);
    expect(await get('an archive')).toBe('an archive');
  });

  it('is of its workspace', async () => {
    await put('an archive');
    expect(await get('an archive', 'other')).toBe(404);
  });

  it('is what its name says, or is removed so that it can be made again', async () => {
    const { sha256 } = stated('checked');
    expect(await archives.check('demo', sha256)).toBe(false);
    await put('checked');
    expect(await archives.check('demo', sha256)).toBe(true);
    const s3 = new S3Client({ ...server.client, forcePathStyle: true });
    const at = { Bucket: 'cache', Key: packageKey('demo', sha256) };
    await s3.send(new DeleteObjectCommand(at));
    await s3.send(new PutObjectCommand({ ...at, Body: 'something else' }));
    expect(await archives.check('demo', sha256)).toBe(false);
    expect(await put('checked')).toBe(200);
  });

  it('has the same link for a while', async () => {
    const { sha256 } = stated('linked');
    const first = await archives.links('demo', [sha256], 60);
    now += 200_000;
    expect(await archives.links('demo', [sha256, sha256], 60)).toEqual([first[0], first[0]]);
    now += 200_000;
    expect(await archives.links('demo', [sha256], 60)).not.toEqual(first);
  });
});
