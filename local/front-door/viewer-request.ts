import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Origin } from './definitions.ts';
import type { OriginRequest } from './origin-call.ts';

/** Headers that belong to one connection, or that CloudFront sets by itself. */
const NOT_FORWARDED = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-amz-cf-id',
  'x-real-ip',
]);

/** Whom an origin sees as its caller: some address of CloudFront's. */
const EDGE_ADDRESS = '64.252.64.1';

const DROPPED_ON_THE_WAY_BACK = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer']);

const viewerHeaders = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (NOT_FORWARDED.has(name) || values === undefined) continue;
    headers[name] = values.join(name === 'cookie' ? '; ' : ',');
  }
  return headers;
};

/** What CloudFront sends to an origin: the viewer's headers, the hops, and the template's own headers over them. */
export const originRequest = (request: IncomingMessage, origin: Origin, body: Buffer): OriginRequest => {
  const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const viewerAddress = request.socket.remoteAddress?.replace('::ffff:', '') ?? '127.0.0.1';
  const viewer = viewerHeaders(request);
  const before = viewer['x-forwarded-for'];
  const custom = Object.entries(origin.customHeaders).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method: request.method ?? 'GET',
    path: `${origin.target.type === 's3' ? '' : (origin.originPath ?? '')}${path}`,
    query,
    headers: {
      ...viewer,
      via: '1.1 localhost (CloudFront)',
      'x-amz-cf-id': randomUUID(),
      'x-forwarded-for': before === undefined ? viewerAddress : `${before}, ${viewerAddress}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-port': '443',
      ...Object.fromEntries(custom),
    },
    body,
    sourceIp: EDGE_ADDRESS,
  };
};

/** The headers of an answer that may travel on to the viewer. */
export const viewerResponseHeaders = (headers: Record<string, string | string[]>): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !DROPPED_ON_THE_WAY_BACK.has(name.toLowerCase())));

/** Reads a body of at most `limitBytes`; undefined as soon as it is known to be longer. Rejects when the viewer leaves. */
export const readBody = async (request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> => {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size > limitBytes) return undefined;
    parts.push(part);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
};

const DROP_MS = 5000;
const DROP_BYTES = 64 * 1024 * 1024;

/** Reads and drops the rest of a body, within reason: a viewer who is still sending would not see an answer. */
export const dropBody = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    let left = DROP_BYTES;
    const timer = setTimeout(resolve, DROP_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('data', (part: Buffer) => {
      left -= part.length;
      if (left < 0) done();
    });
    request.once('end', done);
    request.once('close', done);
    if (request.complete) done();
  });
