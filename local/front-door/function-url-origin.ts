import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type InvokeResponse, type Invoker, wholeBody } from '../lambda/invoke-response.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from '../lambda/lambda-config.ts';
import { AwsError } from '../services/aws-error.ts';
import type { Place } from '../services/service.ts';
import { preflight, withCors } from './cors.ts';
import type { FunctionUrlDefinition } from './definitions.ts';
import { httpEvent } from './http-event.ts';
import { parsePrelude, parseResult } from './http-result.ts';
import { jsonResponse, type OriginHandler, type OriginRequest, type OriginResponse } from './origin-call.ts';

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = Buffer.alloc(8);
const MAX_PRELUDE_BYTES = 64 * 1024;

const badGateway = (): OriginResponse => ({
  status: 502,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('Internal Server Error'),
});

const refused = (error: unknown): OriginResponse =>
  error instanceof AwsError && error.status === 429
    ? jsonResponse(429, { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.' })
    : badGateway();

/** Reads until the eight NUL bytes; undefined when the stream ends or grows too long before them. */
const readPrelude = async (body: Readable): Promise<{ text: string; first: Buffer } | undefined> => {
  let read = Buffer.alloc(0);
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf(DELIMITER);
    if (end >= 0) {
      return { text: read.toString('utf8', 0, end), first: read.subarray(end + DELIMITER.length) };
    }
    if (read.length > MAX_PRELUDE_BYTES) return undefined;
  }
  return undefined;
};

const firstChunk = async (body: Readable): Promise<Buffer | undefined> => {
  for await (const chunk of body.iterator({ destroyOnReturn: false })) return chunk;
  return undefined;
};

type Stream = Extract<InvokeResponse, { kind: 'stream' }>;

const live = async ({ body, contentType, failure }: Stream): Promise<OriginResponse> => {
  if (contentType !== PRELUDE_TYPE) {
    const first = await firstChunk(body);
    if (first === undefined && (await failure) !== undefined) return badGateway();
    const rest = { first: first ?? Buffer.alloc(0), rest: body, failure };
    return { status: 200, headers: { 'content-type': contentType }, body: rest };
  }
  const prelude = await readPrelude(body);
  const head = prelude && parsePrelude(prelude.text);
  if (prelude === undefined || head === undefined) {
    body.resume();
    return badGateway();
  }
  const headers = { 'content-type': 'application/octet-stream', ...head.headers };
  return { status: head.status, headers, body: { first: prelude.first, rest: body, failure } };
};

const whole = async (response: InvokeResponse): Promise<OriginResponse> => {
  const { body, failure } = await wholeBody(response, MAX_SYNC_PAYLOAD_BYTES);
  return (failure === undefined ? parseResult(body, 'application/json') : undefined) ?? badGateway();
};

/** A Lambda Function URL without IAM: payload format 2.0, its answer buffered or live. */
export const functionUrlOrigin = (
  url: FunctionUrlDefinition,
  config: { invoker: Invoker; place: Place; now: () => number },
): OriginHandler => {
  const domainName = `${url.id}.lambda-url.${config.place.region}.on.aws`;

  const invoke = async (request: OriginRequest): Promise<OriginResponse> => {
    const event = httpEvent(request, {
      accountId: 'anonymous',
      apiId: url.id,
      domainName,
      requestId: randomUUID(),
      now: config.now(),
      rawPath: request.path,
      routeKey: '$default',
    });
    if (event.length > MAX_SYNC_PAYLOAD_BYTES) return handler.tooLarge();
    try {
      const response = await config.invoker.invoke(url.functionName, event);
      return await (response.kind === 'stream' && url.invokeMode === 'RESPONSE_STREAM'
        ? live(response)
        : whole(response));
    } catch (error) {
      return refused(error);
    }
  };

  const handler: OriginHandler = {
    maxBodyBytes: MAX_SYNC_PAYLOAD_BYTES,
    tooLarge: () =>
      jsonResponse(413, {
        Message: `Request must be smaller than ${MAX_SYNC_PAYLOAD_BYTES} bytes for the InvokeFunction operation`,
      }),
    answer: async (request) => preflight(url.cors, request) ?? withCors(url.cors, request, await invoke(request)),
  };
  return handler;
};
