import { randomUUID } from 'node:crypto';
import { type InvokeResponse, type Invoker, wholeBody } from '../lambda/invoke-response.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from '../lambda/lambda-config.ts';
import { AwsError } from '../services/aws-error.ts';
import type { Place } from '../services/service.ts';
import { preflight, withCors } from './cors.ts';
import type { HttpApiDefinition } from './definitions.ts';
import { httpEvent } from './http-event.ts';
import { parseResult } from './http-result.ts';
import { jsonResponse, type OriginHandler, type OriginRequest, type OriginResponse, within } from './origin-call.ts';
import { routeFinder } from './routes.ts';

const MB = 1024 * 1024;
const internalError = (): OriginResponse => jsonResponse(500, { message: 'Internal Server Error' });
const unavailable = (): OriginResponse => jsonResponse(503, { message: 'Service Unavailable' });

/** The path as API Gateway shows it: decoded, and cut at a question mark that was encoded. Undefined when malformed. */
const decodePath = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path).split('?')[0];
  } catch {
    return undefined;
  }
};

/** An API Gateway HTTP API with Lambda proxy integrations of payload format 2.0. */
export const httpApiOrigin = (
  api: HttpApiDefinition,
  config: { invoker: Invoker; place: Place; now: () => number; timeoutMs: number },
): OriginHandler => {
  const findRoute = routeFinder(api);
  const domainName = `${api.id}.execute-api.${config.place.region}.amazonaws.com`;

  const decode = async (invoked: Promise<InvokeResponse>): Promise<OriginResponse> => {
    try {
      const { body, failure } = await wholeBody(await invoked, MAX_SYNC_PAYLOAD_BYTES);
      if (failure !== undefined) return internalError();
      return parseResult(body, 'text/plain; charset=utf-8') ?? internalError();
    } catch (error) {
      return error instanceof AwsError && error.status === 429 ? unavailable() : internalError();
    }
  };

  const invoke = async (request: OriginRequest): Promise<OriginResponse> => {
    const rawPath = decodePath(request.path);
    if (rawPath === undefined) return jsonResponse(400, { message: 'Bad Request' });
    const route = findRoute(request.method, rawPath);
    if (route === undefined) return jsonResponse(404, { message: 'Not Found' });
    const event = httpEvent(request, {
      accountId: config.place.accountId,
      apiId: api.id,
      domainName,
      requestId: randomUUID(),
      now: config.now(),
      rawPath,
      routeKey: route.routeKey,
      pathParameters: route.pathParameters,
    });
    if (event.length > MAX_SYNC_PAYLOAD_BYTES) return handler.tooLarge();
    return within(config.timeoutMs, decode(config.invoker.invoke(route.functionName, event)), unavailable);
  };

  const handler: OriginHandler = {
    maxBodyBytes: 10 * MB,
    tooLarge: () => jsonResponse(413, { message: 'Request Too Long' }),
    answer: async (request) => preflight(api.cors, request) ?? withCors(api.cors, request, await invoke(request)),
  };
  return handler;
};
