import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeSecretCommand, GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generateSecret } from '../../../../local/services/secrets-manager/generate-secret.ts';
import { SecretsManagerService } from '../../../../local/services/secrets-manager/secrets-manager-service.ts';
import { serveService } from '../../../support/serve-service.ts';

let folder: string;
let service: SecretsManagerService;
let server: Awaited<ReturnType<typeof serveService>>;
let client: SecretsManagerClient;

const start = async () => {
  const place = { accountId: '000000000000', region: 'us-east-1' };
  service = new SecretsManagerService({ file: join(folder, 'secrets.db'), place, now: () => 1_795_480_000_000 });
  server = await serveService('secretsmanager', service);
  client = new SecretsManagerClient(server.client);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  await start();
});

afterEach(async () => {
  client.destroy();
  await server.close();
  rmSync(folder, { recursive: true });
});

test('a generated secret is read by name and by ARN, and is the same after a restart', async () => {
  const { arn, value } = service.createSecret({
    name: 'Origin',
    generate: { PasswordLength: 40, ExcludePunctuation: true },
  });
  expect(value).toMatch(/^[A-Za-z0-9]{40}$/);
  await server.close();
  await start();
  expect(service.createSecret({ name: 'Origin', generate: {} })).toMatchObject({ arn, value });
  for (const SecretId of ['Origin', arn]) {
    expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ ARN: arn, SecretString: value });
  }
  expect((await client.send(new DescribeSecretCommand({ SecretId: arn }))).Name).toBe('Origin');
});

test('a stated value replaces the generated one and keeps the ARN', async () => {
  const { arn } = service.createSecret({ name: 'Admin', generate: {} });
  expect(service.createSecret({ name: 'Admin', value: 'preset' })).toEqual({ arn, value: 'preset' });
  expect(service.value(arn)).toBe('preset');
});

test('a secret that is not there is told apart', async () => {
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a generated text has one of each kind, and none of what is excluded', () => {
  const text = generateSecret({ PasswordLength: 4, ExcludeCharacters: 'a0' });
  for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) expect(text).toMatch(kind);
  expect(generateSecret({ PasswordLength: 4096, ExcludeCharacters: '/@"\'' })).not.toMatch(/[/@"']/);
  expect(generateSecret({ SecretStringTemplate: '{"user":"x"}', GenerateStringKey: 'pw' })).toMatch(
    /^\{"user":"x","pw":".{32,}"\}$/,
  );
});
