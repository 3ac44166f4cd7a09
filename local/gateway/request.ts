import type { IncomingMessage } from 'node:http';
import { AwsError } from '../services/aws-error.ts';

/** A request read whole. `rawQuery` is without `?`, `path` undecoded. */
export type WireRequest = {
  method: string;
  path: string;
  rawQuery: string;
  headers: Record<string, string>;
  body: Buffer;
};

const maxBodyBytes = 128 * 1024 * 1024;
const empty = Buffer.alloc(0);

const readBody = (message: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    message.on('data', (part: Buffer) => {
      length += part.length;
      if (length > maxBodyBytes) {
        message.destroy();
        reject(new AwsError('EntityTooLarge', 413, 'The local gateway takes bodies of up to 128 MiB'));
      }
      parts.push(part);
    });
    message.on('end', () => resolve(parts.length === 1 ? (parts[0] ?? empty) : Buffer.concat(parts, length)));
    message.on('error', reject);
    message.on('close', () => reject(new Error('the caller went away')));
  });

const flatHeaders = (message: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
};

/** Reads a request with its body (at most 128 MiB, else AwsError 413). */
export const readRequest = async (message: IncomingMessage): Promise<WireRequest> => {
  const url = message.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    rawQuery: mark < 0 ? '' : url.slice(mark + 1),
    headers: flatHeaders(message),
    body: await readBody(message),
  };
};
