import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Answer } from '../services/service.ts';

/** Writes an answer, streaming ones live. Resolves with the bytes of its body; a caller that went away is no error. */
export const writeAnswer = async (response: ServerResponse, answer: Answer): Promise<number> => {
  const { body } = answer;
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    const length = Buffer.byteLength(body);
    response.writeHead(answer.status, {
      ...answer.headers,
      ...(answer.headers['content-length'] === undefined ? { 'content-length': length } : {}),
    });
    response.end(body);
    return length;
  }
  let bytes = 0;
  body.on('data', (part: Buffer | string) => {
    bytes += Buffer.byteLength(part);
  });
  response.writeHead(answer.status, answer.headers);
  response.flushHeaders();
  await pipeline(body, response).catch(() => response.destroy());
  return bytes;
};
