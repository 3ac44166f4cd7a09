import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DynamoDbService } from '../../../local/services/dynamodb/dynamodb-service.ts';
import { KmsService } from '../../../local/services/kms/kms-service.ts';
import type { Answer, Call } from '../../../local/services/service.ts';
import { KmsSecretBox } from '../../../shared/aws/secret-box.ts';
import { serveService } from '../../support/serve-service.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-box-'));
const place = { accountId: '000000000000', region: 'us-east-1' };

/** What KMS was asked, and whether it is out of order. */
class WatchedKms extends KmsService {
  asked: string[] = [];
  broken = false;

  override async answer(call: Call): Promise<Answer> {
    this.asked.push(this.operation(call));
    if (this.broken) throw new Error('out of order');
    return super.answer(call);
  }
}

const kms = new WatchedKms({ file: join(folder, 'keys.db'), place, now: Date.now });
const keyArn = kms.createKey('secrets').arn;
let servers: Awaited<ReturnType<typeof serveService>>[];
let db: DynamoDBClient;
let now = 1_000_000;

beforeAll(async () => {
  const dynamo = await DynamoDbService.start({ folder: join(folder, 'dynamodb'), place });
  await dynamo.createTable({
    TableName: 'catalog',
    AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' as const },
      { AttributeName: 'sk', KeyType: 'RANGE' as const },
    ],
  });
  servers = [await serveService('dynamodb', dynamo), await serveService('kms', kms)];
  db = new DynamoDBClient(servers[0]!.client);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_KMS: servers[1]!.endpoint,
    AWS_MAX_ATTEMPTS: '1',
  });
});

afterAll(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  kms.asked = [];
  kms.broken = false;
});

const box = (makesKeys = true, purpose: 'secrets' | 'masks' = 'secrets') =>
  new KmsSecretBox(db, 'catalog', { keyArn, purpose, makesKeys, now: () => now });
const keyItem = async (workspace: string, purpose = 'secrets') =>
  (
    await db.send(
      new GetItemCommand({ TableName: 'catalog', Key: { pk: { S: `${workspace}#keys` }, sk: { S: purpose } } }),
    )
  ).Item;

describe('a sealed text', () => {
  it('opens where it was sealed, also by a function that makes no keys', async () => {
    const sealed = await box().seal('demo', 'f/demo/token', 'pässword');
    expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]+$/);
    expect(await box().open('demo', 'f/demo/token', sealed)).toBe('pässword');
    expect(await box(false).open('demo', 'f/demo/token', sealed)).toBe('pässword');
  });

  it('is another one each time, and an empty text is one too', async () => {
    const sealing = box();
    const [one, other] = [await sealing.seal('demo', 'x', ''), await sealing.seal('demo', 'x', '')];
    expect(one).not.toBe(other);
    expect(await sealing.open('demo', 'x', one)).toBe('');
  });

  it('is of no use in another place, workspace or purpose', async () => {
    const sealed = await box().seal('demo', 'f/demo/token', 'password');
    await box().seal('other', 'x', 'that it has a key');
    await box(true, 'masks').seal('demo', 'x', 'that it has a key');
    expect(await box().open('demo', 'f/demo/other', sealed)).toBeUndefined();
    expect(await box().open('other', 'f/demo/token', sealed)).toBeUndefined();
    expect(await box(true, 'masks').open('demo', 'f/demo/token', sealed)).toBeUndefined();
  });

  it('does not open with any one character changed, cut off or added', async () => {
    const opening = box();
    const sealed = await opening.seal('demo', 'x', 'pw');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      expect(await opening.open('demo', 'x', changed)).toBeUndefined();
    }
    for (const other of [sealed.slice(0, -1), `${sealed}A`, `${sealed}=`, sealed.slice(3), '', 'v1.', 'plain text']) {
      expect(await opening.open('demo', 'x', other)).toBeUndefined();
    }
  });

  it('opens as nothing in a workspace where nothing was ever sealed', async () => {
    const sealed = await box().seal('demo', 'x', 'pw');
    expect(await box().open('untouched', 'x', sealed)).toBeUndefined();
    expect(await keyItem('untouched')).toBeUndefined();
  });
});

describe('the key of a workspace', () => {
  it('lies in the catalog as KMS encrypted it, one per purpose', async () => {
    await box().seal('kept', 'x', 'pw');
    await box(true, 'masks').seal('kept', 'x', 'pw');
    const [secrets, masks] = [await keyItem('kept'), await keyItem('kept', 'masks')];
    expect(new Set(Object.keys(secrets ?? {}))).toEqual(new Set(['blob', 'pk', 'sk']));
    expect(secrets?.blob?.B?.length).toBeGreaterThan(32);
    expect(secrets?.blob).not.toEqual(masks?.blob);
  });

  it('is not made by a function that makes none', async () => {
    await expect(box(false).seal('keyless', 'x', 'pw')).rejects.toThrow('workspace keyless has no key for secrets');
    expect(kms.asked).toEqual([]);
    expect(await keyItem('keyless')).toBeUndefined();
  });

  it('is the same for all who make it at once', async () => {
    const boxes = Array.from({ length: 5 }, () => box());
    const sealed = await Promise.all(boxes.map((each, index) => each.seal('race', 'x', `text ${index}`)));
    expect(kms.asked.filter((operation) => operation === 'GenerateDataKey').length).toBeGreaterThan(1);
    const opened = await Promise.all(sealed.map((text) => box().open('race', 'x', text)));
    expect(opened).toEqual(sealed.map((_text, index) => `text ${index}`));
  });

  it('is asked of KMS once for many texts at once, and again after 5 minutes', async () => {
    const sealed = await box().seal('cached', 'x', 'pw');
    kms.asked = [];
    const opening = box();
    await Promise.all(Array.from({ length: 10 }, () => opening.open('cached', 'x', sealed)));
    now += 299_999;
    await opening.open('cached', 'x', sealed);
    expect(kms.asked).toEqual(['Decrypt']);
    now += 1;
    await opening.open('cached', 'x', sealed);
    expect(kms.asked).toEqual(['Decrypt', 'Decrypt']);
  });

  it('is kept in memory for 200 workspaces, and the oldest gives way', async () => {
    const sealing = box();
    for (const first of ['many-0', 'many-1']) await sealing.seal(first, 'x', 'pw');
    const others = Array.from({ length: 199 }, (_, index) => `many-${index + 2}`);
    await Promise.all(others.map((workspace) => sealing.seal(workspace, 'x', 'pw')));
    kms.asked = [];
    await sealing.seal('many-1', 'x', 'pw');
    expect(kms.asked).toEqual([]);
    await sealing.seal('many-0', 'x', 'pw');
    expect(kms.asked).toEqual(['Decrypt']);
  });

  it('of one workspace does not open as the key of another', async () => {
    await box().seal('victim', 'x', 'pw');
    const item = await keyItem('victim');
    await db.send(new PutItemCommand({ TableName: 'catalog', Item: { ...item, pk: { S: 'thief#keys' } } }));
    await expect(box().seal('thief', 'x', 'pw')).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });
});

describe('a failure of KMS', () => {
  it('is thrown, is not taken for a wrong text, and is not remembered', async () => {
    const sealed = await box().seal('demo', 'x', 'pw');
    const opening = box();
    kms.broken = true;
    await expect(opening.open('demo', 'x', sealed)).rejects.toMatchObject({ name: 'InternalFailure' });
    await expect(opening.seal('new', 'x', 'pw')).rejects.toMatchObject({ name: 'InternalFailure' });
    kms.broken = false;
    expect(await opening.open('demo', 'x', sealed)).toBe('pw');
  });
});

it('no item of the catalog holds a text in clear', async () => {
  await box().seal('clear', 'x', 'the secret');
  const { Items } = await db.send(new ScanCommand({ TableName: 'catalog' }));
  expect(Items?.length).toBeGreaterThan(0);
  expect(JSON.stringify(Items)).not.toContain('the secret');
});
