import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What the runtime of one environment says, as it says it. The handler of a call answers it. */
export interface RuntimeListener {
  /** The runtime asks for work; `response` is held until there is some. */
  onNext(response: ServerResponse): void;
  onResponse(requestId: string, request: IncomingMessage, response: ServerResponse): void;
  onError(requestId: string, request: IncomingMessage, response: ServerResponse): void;
  onInitError(request: IncomingMessage, response: ServerResponse): void;
}

const ROOT = '/2018-06-01/runtime';
const INVOCATION = /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/(response|error)$/;

const answerJson = (response: ServerResponse, status: number, body: unknown): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
};

/** 202 to a post of the runtime. */
export const accept = (response: ServerResponse): void => answerJson(response, 202, { status: 'OK' });

/** 400: a post for an invocation that this environment does not hold (any more). */
export const refuse = (response: ServerResponse, requestId: string): void =>
  answerJson(response, 400, { errorType: 'InvalidRequestID', errorMessage: `Invalid request ID ${requestId}` });

/** Reads a post of the runtime to its end; undefined when the connection broke first. */
export const readPost = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  try {
    for await (const part of request) parts.push(part);
  } catch {
    return undefined;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
};

const holds = (request: IncomingMessage, key: Buffer): boolean => {
  const given = Buffer.from(String(request.headers['lambda-runtime-key'] ?? ''));
  return given.length === key.length && timingSafeEqual(given, key);
};

const route = (listener: RuntimeListener, request: IncomingMessage, response: ServerResponse): void => {
  const { method, url = '' } = request;
  const [, id = '', what] = (method === 'POST' && INVOCATION.exec(url)) || [];
  if (method === 'GET' && url === `${ROOT}/invocation/next`) listener.onNext(response);
  else if (method === 'POST' && url === `${ROOT}/init/error`) listener.onInitError(request, response);
  else if (what === 'response') listener.onResponse(decodeURIComponent(id), request, response);
  else if (what === 'error') listener.onError(decodeURIComponent(id), request, response);
  else answerJson(response, 404, { errorType: 'NotFound', errorMessage: `${method} ${url}` });
};

/**
 * The Lambda Runtime API of one environment, on a port of its own. Answers `host:port` once it listens. On Lambda nobody else
 * can reach it; here all environments share one loopback, so it answers only who sends the environment's `key`.
 */
export const startRuntimeApi = async (
  listener: RuntimeListener,
): Promise<{ address: string; key: string; server: Server }> => {
  const key = randomBytes(24).toString('hex');
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    if (holds(request, Buffer.from(key))) route(listener, request, response);
    else answerJson(response, 403, { errorType: 'Forbidden', errorMessage: 'another environment' });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the Runtime API has no port');
  return { address: `127.0.0.1:${address.port}`, key, server };
};
