import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { discard, type LiveBody, type OriginResponse } from './origin-call.ts';
import { viewerResponseHeaders } from './viewer-request.ts';

/** Passes a stream on as it comes. A viewer who leaves is no reason to stop the function: the rest is read and dropped. */
const pass = (source: Readable, response: ServerResponse, idleMs: number, onEnd: () => void): void => {
  if (source.readableEnded) {
    onEnd();
    return;
  }
  const idle = setTimeout(() => response.destroy(), idleMs);
  source.on('data', () => idle.refresh());
  source.once('end', onEnd);
  source.once('error', () => response.destroy());
  source.pipe(response, { end: false });
  response.once('close', () => {
    clearTimeout(idle);
    source.unpipe(response);
    source.resume();
  });
};

const writeLive = (body: LiveBody, response: ServerResponse, idleMs: number): void => {
  if (body.first.length > 0) response.write(body.first);
  pass(body.rest, response, idleMs, () => {
    void body.failure.then((failure) => {
      // an answer that broke off must not look whole
      if (failure === undefined) response.end();
      else response.destroy();
    });
  });
};

const write = (answer: OriginResponse, response: ServerResponse, idleMs: number): void => {
  const { body } = answer;
  const headers = viewerResponseHeaders(answer.headers);
  if (Buffer.isBuffer(body)) {
    const hasBody = answer.status >= 200 && answer.status !== 204 && answer.status !== 304;
    response.writeHead(answer.status, hasBody ? { ...headers, 'content-length': body.length } : headers);
    response.end(hasBody ? body : undefined);
    return;
  }
  response.writeHead(answer.status, headers);
  response.flushHeaders();
  if (body instanceof Readable) pass(body, response, idleMs, () => response.end());
  else writeLive(body, response, idleMs);
};

/** Writes an answer; a live one is flushed head first. A silence of `idleMs` from the origin cuts the connection. */
export const writeResponse = (answer: OriginResponse, response: ServerResponse, idleMs: number): void => {
  if (response.destroyed) discard(answer);
  else write(answer, response, idleMs);
};
