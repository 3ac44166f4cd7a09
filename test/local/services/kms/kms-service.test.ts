import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../local/iam/decide.ts';
import { parsePolicy } from '../../../../local/iam/policy.ts';
import { KmsService } from '../../../../local/services/kms/kms-service.ts';
import { serveService } from '../../../support/serve-service.ts';

let folder: string;
let service: KmsService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: KMSClient;
let key: { id: string; arn: string };

const start = async () => {
  const place = { accountId: '000000000000', region: 'us-east-1' };
  service = new KmsService({ file: join(folder, 'keys.db'), place, now: () => 1_795_480_000_000 });
  key = service.createKey('data-SecretsKey', 'of secrets');
  server = await serveService('kms', service);
  client = new KMSClient(server.client);
};

const stop = async () => {
  client.destroy();
  await server.close();
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kms-'));
  await start();
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const context = { purpose: 'secrets', workspace: 'demo' };
const dataKey = (EncryptionContext: Record<string, string> = context) =>
  client.send(new GenerateDataKeyCommand({ KeyId: key.arn, KeySpec: 'AES_256', EncryptionContext }));
const open = (CiphertextBlob: Uint8Array | undefined, EncryptionContext: Record<string, string> = context) =>
  client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));

describe('a data key', () => {
  it('is 32 random bytes, and its ciphertext opens with the same context in any order', async () => {
    const [one, other] = [await dataKey(), await dataKey()];
    expect(one.Plaintext).toHaveLength(32);
    expect(one.Plaintext).not.toEqual(other.Plaintext);
    expect(one.KeyId).toBe(key.arn);
    expect(Buffer.from(one.CiphertextBlob ?? []).includes(Buffer.from(one.Plaintext ?? []))).toBe(false);
    const opened = await open(one.CiphertextBlob, { workspace: 'demo', purpose: 'secrets' });
    expect(opened).toMatchObject({ KeyId: key.arn, Plaintext: one.Plaintext });
  });

  it('opens after a restart, with the same key', async () => {
    const before = key;
    const { Plaintext, CiphertextBlob } = await dataKey();
    await stop();
    await start();
    expect(key).toEqual(before);
    expect((await open(CiphertextBlob)).Plaintext).toEqual(Plaintext);
  });

  it.each<[string, Record<string, string>]>([
    ['another value', { ...context, workspace: 'other' }],
    ['one name less', { purpose: 'secrets' }],
    ['one name more', { ...context, more: '' }],
    ['another case', { ...context, Purpose: 'secrets' }],
    ['none', {}],
  ])('does not open in a context with %s', async (_what, wrong) => {
    const { CiphertextBlob } = await dataKey();
    await expect(open(CiphertextBlob, wrong)).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('does not open when any part of its ciphertext was changed', async () => {
    const { CiphertextBlob = new Uint8Array() } = await dataKey();
    for (const at of [0, 5, 20, 40, CiphertextBlob.length - 1]) {
      const changed = Uint8Array.from(CiphertextBlob, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(open(changed)).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
    }
    await expect(open(Buffer.from('no blob'))).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });
});

describe('a text', () => {
  it('of up to 4096 bytes is encrypted and decrypted, each time into another ciphertext', async () => {
    const Plaintext = Buffer.alloc(4096, 'x');
    const encrypt = () => client.send(new EncryptCommand({ KeyId: key.id, Plaintext }));
    const [one, other] = [await encrypt(), await encrypt()];
    expect(one.CiphertextBlob).not.toEqual(other.CiphertextBlob);
    expect(Buffer.from((await open(one.CiphertextBlob, {})).Plaintext ?? []).equals(Plaintext)).toBe(true);
    const tooLong = client.send(new EncryptCommand({ KeyId: key.id, Plaintext: Buffer.alloc(4097) }));
    await expect(tooLong).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is refused by a key it was not encrypted with', async () => {
    const { CiphertextBlob } = await dataKey();
    const wrong = service.createKey('another');
    const opened = client.send(new DecryptCommand({ KeyId: wrong.arn, CiphertextBlob, EncryptionContext: context }));
    await expect(opened).rejects.toMatchObject({ name: 'IncorrectKeyException' });
  });
});

describe('a key', () => {
  it('is described by id and by ARN', async () => {
    for (const KeyId of [key.id, key.arn]) {
      const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({ Arn: key.arn, KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT' });
    }
  });

  it.each(['alias/secrets', 'arn:aws:kms:eu-west-1:000000000000:key/none'])('%s does not exist', async (KeyId) => {
    const described = client.send(new DescribeKeyCommand({ KeyId }));
    await expect(described).rejects.toMatchObject({ name: 'NotFoundException' });
  });
});

describe('what a call asks of IAM', () => {
  const permissions = async (target: string, input: object) =>
    service.permissions({
      service: 'kms',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': `TrentService.${target}` },
      body: Buffer.from(JSON.stringify(input)),
    });

  it('names the key that made a ciphertext, and its context', async () => {
    const { CiphertextBlob = new Uint8Array() } = await dataKey();
    const blob = Buffer.from(CiphertextBlob).toString('base64');
    expect(await permissions('Decrypt', { CiphertextBlob: blob, EncryptionContext: context })).toEqual([
      {
        action: 'kms:Decrypt',
        resource: key.arn,
        context: {
          'kms:EncryptionContext:purpose': ['secrets'],
          'kms:EncryptionContext:workspace': ['demo'],
          'kms:EncryptionContextKeys': ['purpose', 'workspace'],
        },
      },
    ]);
  });

  it('is decided by the purpose that a role may work on', async () => {
    const delegate = { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: { AWS: '000000000000' } };
    const allow = {
      Effect: 'Allow',
      Action: 'kms:GenerateDataKey',
      Resource: key.arn,
      Condition: { StringEquals: { 'kms:EncryptionContext:purpose': ['secrets', 'masks'] } },
    };
    const may = async (EncryptionContext: object | undefined) => {
      const [asked] = await permissions('GenerateDataKey', { KeyId: key.id, KeySpec: 'AES_256', EncryptionContext });
      const caller = { kind: 'role' as const, arn: 'arn:aws:iam::000000000000:role/api' };
      const policies = [allow, delegate].map((statement) => parsePolicy({ Statement: statement }, 'a test'));
      return decide({ caller, context: {}, ...asked! }, policies[0]!, policies[1]).allowed;
    };
    expect([await may(context), await may({ purpose: 'masks' })]).toEqual([true, true]);
    expect([await may({ purpose: 'other' }), await may({ workspace: 'demo' }), await may(undefined)]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
