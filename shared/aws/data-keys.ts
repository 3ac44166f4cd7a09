import { createSecretKey, type KeyObject } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { KeyPurpose } from '../model/key-purpose.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { dataKeyKey } from './catalog-keys.ts';

export type DataKeysConfig = {
  /** The KMS key that encrypts the data keys. */
  keyArn: string;
  purpose: KeyPurpose;
  /** Whether this function may make the key of a workspace that has none; its role must allow it too. */
  makesKeys: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
};

/** So long a key stays in memory after KMS opened it: what withdrawing a right takes to have its effect. */
const KEPT_MS = 5 * 60_000;
const MOST_KEPT = 200;

const Item = z.object({ blob: z.instanceof(Uint8Array) });
type Context = { purpose: KeyPurpose; workspace: string };

/**
 * One AES-256 key per workspace and purpose. It lies in the catalog as KMS encrypted it, bound to both by its encryption
 * context, and is in clear only in memory: at most 5 minutes, at most 200 of them. Whatever KMS refuses is thrown.
 */
export class DataKeys {
  readonly #at: CatalogTable;
  readonly #config: DataKeysConfig;
  readonly #kept = new Map<string, { key: Promise<KeyObject | undefined>; until: number }>();

  constructor(db: DynamoDBClient, table: string, config: DataKeysConfig) {
    this.#at = { db, table };
    this.#config = config;
  }

  /** Undefined when the workspace has none yet: nothing was ever sealed there. */
  async existing(workspace: string): Promise<KeyObject | undefined> {
    return this.#keep(workspace, () => this.#read(workspace));
  }

  /** Made when the workspace has none. Throws then where this function makes no keys. */
  async ensured(workspace: string): Promise<KeyObject> {
    const key = (await this.existing(workspace)) ?? (await this.#keep(workspace, () => this.#make(workspace)));
    if (key === undefined) throw new Error(`workspace ${workspace} has no key for ${this.#config.purpose}`);
    return key;
  }

  /** Callers at once share one read. What failed or found nothing is not kept. */
  #keep(workspace: string, load: () => Promise<KeyObject | undefined>): Promise<KeyObject | undefined> {
    const now = this.#config.now();
    const kept = this.#kept.get(workspace);
    if (kept !== undefined && now < kept.until) return kept.key;
    const entry = { key: load(), until: now + KEPT_MS };
    this.#kept.delete(workspace);
    this.#kept.set(workspace, entry);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    const forget = (): void => {
      if (this.#kept.get(workspace) === entry) this.#kept.delete(workspace);
    };
    entry.key.then((key) => key ?? forget(), forget);
    return entry.key;
  }

  async #read(workspace: string): Promise<KeyObject | undefined> {
    const { keyArn, purpose } = this.#config;
    const item = await readItem(this.#at, dataKeyKey(workspace, purpose), Item, true);
    if (item === undefined) return undefined;
    const { DecryptCommand, kmsClient } = await import('./kms.ts');
    const { Plaintext } = await kmsClient().send(
      new DecryptCommand({ KeyId: keyArn, CiphertextBlob: item.blob, EncryptionContext: this.#context(workspace) }),
    );
    return secretKey(Plaintext);
  }

  /** Of two that make it at once, both end with the one that was written first. */
  async #make(workspace: string): Promise<KeyObject | undefined> {
    const { keyArn, purpose, makesKeys } = this.#config;
    if (!makesKeys) return undefined;
    const { GenerateDataKeyCommand, kmsClient } = await import('./kms.ts');
    const { Plaintext, CiphertextBlob } = await kmsClient().send(
      new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: this.#context(workspace) }),
    );
    const key = secretKey(Plaintext);
    try {
      await this.#at.db.send(
        new PutItemCommand({
          TableName: this.#at.table,
          Item: catalogItem(dataKeyKey(workspace, purpose), { blob: CiphertextBlob }),
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
      return key;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return this.#read(workspace);
      throw error;
    }
  }

  #context(workspace: string): Context {
    return { purpose: this.#config.purpose, workspace };
  }
}

const secretKey = (bytes: Uint8Array | undefined): KeyObject => {
  if (bytes?.length !== 32) throw new Error('KMS gave no 256-bit key');
  return createSecretKey(bytes);
};
