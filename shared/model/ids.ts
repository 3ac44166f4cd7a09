import { z } from 'zod';

/** A job's id, in lower case: a UUID of whichever version, because callers may choose one. */
export const JobId = z.uuid().transform((id) => id.toLowerCase());
export type JobId = string;

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const dashed = (digits: string): string =>
  `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20, 32)}`;

/**
 * A UUIDv7: sorts by `now` (milliseconds since 1970), so job ids read newest-last.
 * @param random at least 10 random bytes; the same bytes and time give the same id.
 */
export const uuidV7 = (now: number, random: Uint8Array): string => {
  const bytes = new Uint8Array(16);
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(now / 256 ** (5 - index)) % 256;
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return dashed(hex(bytes));
};

/** A UUIDv5: the same namespace and name always give the same id, which makes a repeated request the same job. */
export const uuidV5 = async (namespace: string, name: string): Promise<string> => {
  const prefix = Uint8Array.from(namespace.replaceAll('-', '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const text = new TextEncoder().encode(name);
  const input = new Uint8Array(prefix.length + text.length);
  input.set(prefix);
  input.set(text, prefix.length);
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', input)).subarray(0, 16);
  bytes[6] = 0x50 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return dashed(hex(bytes));
};

/** Lower-case hex SHA-256 of a text. */
export const sha256Hex = async (text: string): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
