import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** What a ciphertext is bound to besides its key; the order of the names does not count, an empty one is like none. */
export type EncryptionContext = Record<string, string>;

const FORMAT = 1;
const ID_END = 1 + 16;
const IV_END = ID_END + 12;
const TAG_BYTES = 16;

const idBytes = (keyId: string): Buffer => Buffer.from(keyId.replaceAll('-', ''), 'hex');

const bound = (keyId: string, context: EncryptionContext): Buffer => {
  const entries = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(JSON.stringify([keyId, entries]));
};

/** AES-256-GCM. The blob names its key, as KMS's do: format, key id, IV, ciphertext, tag. `keyId` is a UUID. */
export const encrypt = (keyId: string, material: Buffer, text: Buffer, context: EncryptionContext): Buffer => {
  const iv = randomBytes(IV_END - ID_END);
  const cipher = createCipheriv('aes-256-gcm', material, iv).setAAD(bound(keyId, context));
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), idBytes(keyId), iv, ciphertext, cipher.getAuthTag()]);
};

/** The id of the key a blob says it was made with; undefined when it is no blob at all. Nothing is verified yet. */
export const keyIdOf = (blob: Buffer): string | undefined => {
  if (blob[0] !== FORMAT || blob.length < IV_END + TAG_BYTES) return undefined;
  const hex = blob.subarray(1, ID_END).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** Undefined when the blob was changed, or was made with another key or context. */
export const decrypt = (
  keyId: string,
  material: Buffer,
  blob: Buffer,
  context: EncryptionContext,
): Buffer | undefined => {
  const decipher = createDecipheriv('aes-256-gcm', material, blob.subarray(ID_END, IV_END), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(bound(keyId, context)).setAuthTag(blob.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(blob.subarray(IV_END, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
};
