import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { AwsError, notBuilt } from '../aws-error.ts';
import { jsonAnswer, jsonBody, parseInput, targetOf } from '../json-call.ts';
import type { Answer, Call, Permission, Place, Service } from '../service.ts';
import { decrypt, type EncryptionContext, encrypt, keyIdOf } from './ciphertext.ts';
import { Decrypt, DescribeKey, Encrypt, GenerateDataKey, Operation } from './inputs.ts';
import { type Key, KeyStore } from './key-store.ts';

export type KmsConfig = {
  /** An existing or new SQLite file; it holds key material in clear, so its folder must be private. */
  file: string;
  place: Place;
  now: () => number;
};

const ALGORITHM = 'SYMMETRIC_DEFAULT';

const invalidCiphertext = (): AwsError => new AwsError('InvalidCiphertextException', 400, 'UnknownError');

const input = <T extends z.ZodType>(schema: T, call: Call): z.output<T> =>
  parseInput(schema, jsonBody(call), 'ValidationException');

/** The condition keys of an encryption context; none without one. */
const conditionKeys = (context: EncryptionContext): Record<string, string[]> => {
  const names = Object.keys(context);
  if (names.length === 0) return {};
  const single = names.map((name): [string, string[]] => [`kms:EncryptionContext:${name}`, [context[name] ?? '']]);
  return { ...Object.fromEntries(single), 'kms:EncryptionContextKeys': names };
};

/**
 * KMS with symmetric keys made from the template. A ciphertext opens only with its key and its encryption context, and
 * keys stay over restarts. Rotation means nothing here: AWS's changes no ciphertext either.
 */
export class KmsService implements Service {
  readonly #config: KmsConfig;
  readonly #keys: KeyStore;

  constructor(config: KmsConfig) {
    this.#config = config;
    this.#keys = new KeyStore(config.file);
  }

  /** Idempotent: `name` is what the template calls it, and the same name is the same key for ever. */
  createKey(name: string, description = ''): { id: string; arn: string } {
    const key = this.#keys.ensure(name, description, this.#config.now());
    return { id: key.id, arn: this.#arn(key) };
  }

  operation(call: Call): Operation {
    const operation = Operation.safeParse(targetOf(call));
    if (operation.success) return operation.data;
    throw notBuilt('KMS', targetOf(call));
  }

  permissions(call: Call): Permission[] {
    const operation = this.operation(call);
    const { key, context } = this.#asked(operation, call);
    return [{ action: `kms:${operation}`, resource: this.#arn(key), context: conditionKeys(context) }];
  }

  async answer(call: Call): Promise<Answer> {
    const operation = this.operation(call);
    const { key, context } = this.#asked(operation, call);
    const KeyId = this.#arn(key);
    switch (operation) {
      case 'GenerateDataKey': {
        const dataKey = randomBytes(32);
        const blob = encrypt(key.id, key.material, dataKey, context);
        return this.#json({ KeyId, Plaintext: dataKey, CiphertextBlob: blob });
      }
      case 'Encrypt': {
        const blob = encrypt(key.id, key.material, input(Encrypt, call).Plaintext, context);
        return this.#json({ KeyId, CiphertextBlob: blob, EncryptionAlgorithm: ALGORITHM });
      }
      case 'Decrypt': {
        const text = this.#decrypt(key, input(Decrypt, call).CiphertextBlob, context);
        return this.#json({ KeyId, Plaintext: text, EncryptionAlgorithm: ALGORITHM });
      }
      case 'DescribeKey':
        return jsonAnswer('1.1', { KeyMetadata: this.#metadata(key) });
    }
  }

  async close(): Promise<void> {
    this.#keys.close();
  }

  #asked(operation: Operation, call: Call): { key: Key; context: EncryptionContext } {
    switch (operation) {
      case 'GenerateDataKey': {
        const { KeyId, EncryptionContext } = input(GenerateDataKey, call);
        return { key: this.#key(KeyId), context: EncryptionContext };
      }
      case 'Encrypt': {
        const { KeyId, EncryptionContext } = input(Encrypt, call);
        return { key: this.#key(KeyId), context: EncryptionContext };
      }
      case 'Decrypt': {
        const { KeyId, CiphertextBlob, EncryptionContext } = input(Decrypt, call);
        const key = KeyId === undefined ? this.#keys.find(keyIdOf(CiphertextBlob) ?? '') : this.#key(KeyId);
        if (key === undefined) throw invalidCiphertext();
        return { key, context: EncryptionContext };
      }
      case 'DescribeKey':
        return { key: this.#key(input(DescribeKey, call).KeyId), context: {} };
    }
  }

  #decrypt(key: Key, blob: Buffer, context: EncryptionContext): Buffer {
    const made = keyIdOf(blob);
    if (made !== undefined && made !== key.id && this.#keys.find(made) !== undefined) {
      const message = 'The key ID in the request does not identify a CMK that can perform this operation.';
      throw new AwsError('IncorrectKeyException', 400, message);
    }
    const text = made === key.id ? decrypt(key.id, key.material, blob, context) : undefined;
    if (text === undefined) throw invalidCiphertext();
    return text;
  }

  #metadata(key: Key): object {
    return {
      AWSAccountId: this.#config.place.accountId,
      KeyId: key.id,
      Arn: this.#arn(key),
      CreationDate: key.created_at / 1000,
      Description: key.description,
      Enabled: true,
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeySpec: ALGORITHM,
      EncryptionAlgorithms: [ALGORITHM],
      KeyManager: 'CUSTOMER',
      Origin: 'AWS_KMS',
      MultiRegion: false,
    };
  }

  #json(members: Record<string, string | Buffer>): Answer {
    const written = Object.entries(members).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.toString('base64'),
    ]);
    return jsonAnswer('1.1', Object.fromEntries(written));
  }

  #arn(key: Key): string {
    const { accountId, region } = this.#config.place;
    return `arn:aws:kms:${region}:${accountId}:key/${key.id}`;
  }

  /** By key id or ARN; aliases are not built, so one is a key that does not exist. */
  #key(given: string): Key {
    const key = this.#keys.find(given.split('/').at(-1) ?? '');
    if (key !== undefined && (given === key.id || given === this.#arn(key))) return key;
    throw new AwsError('NotFoundException', 400, `Key '${given}' does not exist`);
  }
}
