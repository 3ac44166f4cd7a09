import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AwsError, notBuilt } from '../aws-error.ts';
import { openDatabase } from '../database.ts';
import { jsonAnswer, jsonBody, parseInput, targetOf } from '../json-call.ts';
import type { Answer, Call, Permission, Place, Service } from '../service.ts';
import { type GenerateSecretString, generateSecret } from './generate-secret.ts';

const Operation = z.enum(['GetSecretValue', 'DescribeSecret']);

const OnSecret = z.object({ SecretId: z.string(), VersionStage: z.literal('AWSCURRENT').optional() });

const Row = z.object({
  name: z.string(),
  arn: z.string(),
  value: z.string(),
  version: z.string(),
  created_at: z.number(),
});
type Secret = z.infer<typeof Row>;

const schema = `CREATE TABLE IF NOT EXISTS secrets (
  name TEXT PRIMARY KEY, arn TEXT NOT NULL, value TEXT NOT NULL, version TEXT NOT NULL, created_at INTEGER NOT NULL
)`;

export type SecretDefinition = { name: string; generate: GenerateSecretString } | { name: string; value: string };

export type SecretsManagerConfig = {
  /** An existing or new SQLite file; it holds the values in clear, so its folder must be private. */
  file: string;
  place: Place;
  now: () => number;
};

/** Secrets Manager: values made once and kept, read by name or ARN. */
export class SecretsManagerService implements Service {
  readonly #config: SecretsManagerConfig;
  readonly #database: DatabaseSync;

  constructor(config: SecretsManagerConfig) {
    this.#config = config;
    this.#database = openDatabase(config.file, schema);
  }

  /** Idempotent: a generated value is made once and kept over restarts; a stated value replaces what was there. */
  createSecret(definition: SecretDefinition): { arn: string; value: string } {
    const existing = this.#find(definition.name);
    const value = 'value' in definition ? definition.value : (existing?.value ?? generateSecret(definition.generate));
    if (existing?.value === value) return existing;
    const { accountId, region } = this.#config.place;
    const fresh = `arn:aws:secretsmanager:${region}:${accountId}:secret:${definition.name}-${randomUUID().slice(0, 6)}`;
    const arn = existing?.arn ?? fresh;
    this.#database
      .prepare('INSERT OR REPLACE INTO secrets (name, arn, value, version, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(definition.name, arn, value, randomUUID(), this.#config.now());
    return { arn, value };
  }

  /** In process: the current value, for dynamic references of the template. */
  value(id: string): string {
    return this.#secret(id).value;
  }

  operation(call: Call): z.infer<typeof Operation> {
    const operation = Operation.safeParse(targetOf(call));
    if (operation.success) return operation.data;
    throw notBuilt('Secrets Manager', targetOf(call));
  }

  permissions(call: Call): Permission[] {
    const { SecretId } = parseInput(OnSecret, jsonBody(call), 'InvalidParameterException');
    const { accountId, region } = this.#config.place;
    const unknown = SecretId.startsWith('arn:')
      ? SecretId
      : `arn:aws:secretsmanager:${region}:${accountId}:secret:${SecretId}-??????`;
    return [{ action: `secretsmanager:${this.operation(call)}`, resource: this.#find(SecretId)?.arn ?? unknown }];
  }

  async answer(call: Call): Promise<Answer> {
    const operation = this.operation(call);
    const secret = this.#secret(parseInput(OnSecret, jsonBody(call), 'InvalidParameterException').SecretId);
    const identity = { ARN: secret.arn, Name: secret.name, CreatedDate: secret.created_at / 1000 };
    switch (operation) {
      case 'GetSecretValue': {
        const version = { VersionId: secret.version, VersionStages: ['AWSCURRENT'] };
        return jsonAnswer('1.1', { ...identity, ...version, SecretString: secret.value });
      }
      case 'DescribeSecret':
        return jsonAnswer('1.1', { ...identity, VersionIdsToStages: { [secret.version]: ['AWSCURRENT'] } });
    }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #find(id: string): Secret | undefined {
    const row = this.#database.prepare('SELECT * FROM secrets WHERE name = ?1 OR arn = ?1').get(id);
    return row === undefined ? undefined : Row.parse(row);
  }

  #secret(id: string): Secret {
    const secret = this.#find(id);
    if (secret !== undefined) return secret;
    throw new AwsError('ResourceNotFoundException', 400, "Secrets Manager can't find the specified secret.");
  }
}
