import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Invoker } from '../lambda/invoke-response.ts';
import type { Place, Service } from '../services/service.ts';
import { bucketOrigin } from './bucket-origin.ts';
import type { Behaviour, FrontDoorDefinition, Origin } from './definitions.ts';
import { functionUrlOrigin } from './function-url-origin.ts';
import { httpApiOrigin } from './http-api-origin.ts';
import { type OriginHandler, type OriginRequest, type OriginResponse, within } from './origin-call.ts';
import { behaviourFinder } from './path-pattern.ts';
import { dropBody, originRequest, readBody } from './viewer-request.ts';
import { writeResponse } from './write-response.ts';

export type FrontDoorConfig = {
  definition: FrontDoorDefinition;
  invoker: Invoker;
  s3: Pick<Service, 'answer'>;
  place: Place;
  now: () => number;
  /** Told of errors of our own, which viewers see as 500. */
  report?: (line: string) => void;
  /** Names by which people reach it, besides `localhost`, `127.0.0.1` and `[::1]` with its port. */
  hosts?: readonly string[];
  /** CloudFront's wait for an origin's next byte; 60 s by default. */
  originMs?: number;
  /** API Gateway's wait for a function; 30 s by default. */
  httpApiMs?: number;
};

const ORIGIN_MS = 60_000;
const HTTP_API_MS = 30_000;

/** Any page may have its own name lead to this machine: only names that cannot be a page's are answered. */
const namesOf = (port: number): string[] =>
  ['localhost', '127.0.0.1', '[::1]'].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);

const page = (status: number, text: string): OriginResponse => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: Buffer.from(`${text}\n`),
});

const originHandler = (origin: Origin, config: FrontDoorConfig): OriginHandler => {
  const { target } = origin;
  switch (target.type) {
    case 'http-api':
      return httpApiOrigin(target.api, { ...config, timeoutMs: config.httpApiMs ?? HTTP_API_MS });
    case 'function-url':
      return functionUrlOrigin(target.url, config);
    case 's3': {
      const originPath = origin.originPath ?? '';
      return bucketOrigin(target.bucket, {
        s3: config.s3,
        originPath,
        rootObject: config.definition.defaultRootObject,
      });
    }
  }
};

const refuse = async (
  request: IncomingMessage,
  response: ServerResponse,
  answer: OriginResponse,
): Promise<OriginResponse> => {
  response.setHeader('connection', 'close');
  await dropBody(request);
  return answer;
};

/** The distribution of the template as one HTTP server, with the limits CloudFront and its origins have. Caches nothing. */
export class FrontDoor {
  readonly #config: FrontDoorConfig;
  readonly #originMs: number;
  readonly #find: (path: string) => Omit<Behaviour, 'pathPattern'>;
  readonly #origins: Map<string, { origin: Origin; handler: OriginHandler }>;
  readonly #server: Server;
  #hosts: ReadonlySet<string> = new Set();

  constructor(config: FrontDoorConfig) {
    this.#config = config;
    this.#originMs = config.originMs ?? ORIGIN_MS;
    this.#find = behaviourFinder(config.definition);
    this.#origins = new Map(
      Object.entries(config.definition.origins).map(([id, origin]) => [
        id,
        { origin, handler: originHandler(origin, config) },
      ]),
    );
    this.#server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** Answers the port; rejects with EADDRINUSE. Port 0 takes any free one. */
  async listen(port: number, host = '127.0.0.1'): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    const own = typeof address === 'object' && address !== null ? address.port : port;
    this.#hosts = new Set([...namesOf(own), ...(this.#config.hosts ?? [])]);
    return own;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeAllConnections();
    await closed;
  }

  /** Calls an origin past the distribution, without its custom headers, as anyone may do on AWS. */
  async callOrigin(originId: string, request: OriginRequest): Promise<OriginResponse> {
    return this.#origin(originId).handler.answer(request);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      writeResponse(await this.#answer(request, response), response, this.#originMs);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      this.#config.report?.(`front door: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (!response.headersSent) writeResponse(page(500, 'Internal error'), response, this.#originMs);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<OriginResponse> {
    if (!this.#hosts.has((request.headers.host ?? '').toLowerCase()))
      return refuse(
        request,
        response,
        page(421, 'No Millrace goes by this name: set MILLRACE_BASE_URL to the address you use'),
      );
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const behaviour = this.#find(path);
    const { origin, handler } = this.#origin(behaviour.originId);
    if (behaviour.allowedMethods !== undefined && !behaviour.allowedMethods.includes(request.method ?? 'GET'))
      return refuse(request, response, page(403, `This distribution does not allow ${request.method} here`));
    const body = await readBody(request, handler.maxBodyBytes);
    if (body === undefined) return refuse(request, response, handler.tooLarge());
    const late = (): OriginResponse => page(504, 'The origin did not answer in time');
    const answer = await within(this.#originMs, handler.answer(originRequest(request, origin, body)), late);
    return this.#errorPage(answer, origin, request);
  }

  /** CloudFront replaces the errors of every origin for which the template has a page, those of the API too. */
  async #errorPage(answer: OriginResponse, origin: Origin, request: IncomingMessage): Promise<OriginResponse> {
    const { errorResponses = [], defaultBehaviour } = this.#config.definition;
    // a bucket without the right to list answers 403 on AWS for what is not there
    const codes = origin.target.type === 's3' && answer.status === 404 ? [404, 403] : [answer.status];
    const rule = errorResponses.find(({ errorCode }) => codes.includes(errorCode));
    if (rule?.responsePagePath === undefined) return answer;
    const fallback = this.#origin(defaultBehaviour.originId);
    const asked = {
      ...originRequest(request, fallback.origin, Buffer.alloc(0)),
      method: 'GET',
      path: rule.responsePagePath,
    };
    const replaced = await fallback.handler.answer(asked);
    return replaced.status >= 400 ? answer : { ...replaced, status: rule.responseCode ?? answer.status };
  }

  #origin(id: string): { origin: Origin; handler: OriginHandler } {
    const found = this.#origins.get(id);
    if (found === undefined) throw new Error(`the distribution has no origin ${id}`);
    return found;
  }
}
