import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretBox } from '../jobs/value-ports.ts';
import { DataKeys, type DataKeysConfig } from './data-keys.ts';

const PREFIX = 'v1.';
const IV_BYTES = 12;
const TAG_BYTES = 16;

const additional = (workspace: string, bound: string): Buffer => Buffer.from(JSON.stringify([workspace, bound]));

/** The parts of `v1.<base64url(iv | ciphertext | tag)>`. Undefined for any other text, also for other spellings of the same bytes. */
const partsOf = (sealed: string): { iv: Buffer; ciphertext: Buffer; tag: Buffer } | undefined => {
  const text = sealed.slice(PREFIX.length);
  const bytes = Buffer.from(text, 'base64url');
  if (!sealed.startsWith(PREFIX) || bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  if (bytes.toString('base64url') !== text) return undefined;
  return {
    iv: bytes.subarray(0, IV_BYTES),
    ciphertext: bytes.subarray(IV_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  };
};

const decrypted = (
  key: KeyObject,
  { iv, ciphertext, tag }: { iv: Buffer; ciphertext: Buffer; tag: Buffer },
  aad: Buffer,
): string | undefined => {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad).setAuthTag(tag);
  const text = decipher.update(ciphertext);
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
};

/**
 * Texts under AES-256-GCM with the data key of their workspace and purpose. A text opens only in the workspace, for the
 * purpose and with the `bound` it was sealed for. A failure of KMS or DynamoDB is thrown and never reads as a wrong text.
 */
export class KmsSecretBox implements SecretBox {
  readonly #keys: DataKeys;

  constructor(db: DynamoDBClient, table: string, config: DataKeysConfig) {
    this.#keys = new DataKeys(db, table, config);
  }

  /** Throws where the workspace has no key and this function makes none. */
  async seal(workspace: string, bound: string, text: string): Promise<string> {
    const key = await this.#keys.ensured(workspace);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additional(workspace, bound));
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('base64url');
  }

  async open(workspace: string, bound: string, sealed: string): Promise<string | undefined> {
    const parts = partsOf(sealed);
    const key = parts === undefined ? undefined : await this.#keys.existing(workspace);
    return parts === undefined || key === undefined ? undefined : decrypted(key, parts, additional(workspace, bound));
  }
}
