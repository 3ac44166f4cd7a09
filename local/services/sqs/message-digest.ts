import { createHash } from 'node:crypto';
import type { MessageAttributes } from './inputs.ts';

const md5 = (bytes: Buffer | string): string => createHash('md5').update(bytes).digest('hex');

/** Hex MD5 of a body: every SDK compares it with its own and fails the call on a difference. */
export const bodyDigest = (body: string): string => md5(body);

const sized = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** SQS's digest of message attributes: by name, each part with its length in front; 1 marks text, 2 bytes. */
export const attributesDigest = (attributes: MessageAttributes): string | undefined => {
  const names = Object.keys(attributes).sort((a, b) => (a < b ? -1 : 1));
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const attribute = attributes[name];
    if (attribute === undefined) return [];
    const binary = attribute.DataType.startsWith('Binary');
    const value = binary
      ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
      : Buffer.from(attribute.StringValue ?? '');
    return [sized(Buffer.from(name)), sized(Buffer.from(attribute.DataType)), Buffer.of(binary ? 2 : 1), sized(value)];
  });
  return md5(Buffer.concat(parts));
};
