import type { Cors } from './definitions.ts';
import type { OriginRequest, OriginResponse } from './origin-call.ts';

const allowedOrigin = (cors: Cors, origin: string): string | undefined => {
  if (cors.allowOrigins.includes('*')) return cors.allowCredentials === true ? origin : '*';
  return cors.allowOrigins.includes(origin) ? origin : undefined;
};

const listed = (name: string, values: string[] | undefined): Record<string, string> =>
  values === undefined || values.length === 0 ? {} : { [name]: values.join(',') };

const shared = (cors: Cors, request: OriginRequest): Record<string, string> | undefined => {
  const origin = request.headers.origin;
  const allowed = origin === undefined ? undefined : allowedOrigin(cors, origin);
  if (allowed === undefined) return undefined;
  return {
    'access-control-allow-origin': allowed,
    ...(cors.allowCredentials === true ? { 'access-control-allow-credentials': 'true' } : {}),
    ...listed('access-control-expose-headers', cors.exposeHeaders),
  };
};

/** The answer to a preflight request, which never reaches a function; undefined for every other request. */
export const preflight = (cors: Cors | undefined, request: OriginRequest): OriginResponse | undefined => {
  const asked = request.headers['access-control-request-method'];
  if (cors === undefined || request.method !== 'OPTIONS' || asked === undefined) return undefined;
  const headers = shared(cors, request);
  if (headers === undefined) return { status: 204, headers: {}, body: Buffer.alloc(0) };
  return {
    status: 204,
    headers: {
      ...headers,
      ...listed('access-control-allow-methods', cors.allowMethods),
      ...listed('access-control-allow-headers', cors.allowHeaders),
      ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
    },
    body: Buffer.alloc(0),
  };
};

/** Adds the CORS headers of the template; a function's own headers of these names give way, as on AWS. */
export const withCors = (cors: Cors | undefined, request: OriginRequest, response: OriginResponse): OriginResponse => {
  const headers = cors === undefined ? undefined : shared(cors, request);
  return headers === undefined ? response : { ...response, headers: { ...response.headers, ...headers } };
};
