import type { OriginRequest } from './origin-call.ts';

export type EventPlace = {
  accountId: string;
  apiId: string;
  domainName: string;
  routeKey: string;
  /** The path as this kind of origin shows it: decoded by an HTTP API, as it came by a Function URL. */
  rawPath: string;
  pathParameters?: Record<string, string>;
  requestId: string;
  now: number;
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => String(value).padStart(2, '0');

const logTime = (now: number): string => {
  const at = new Date(now);
  const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(':');
  return `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${clock} +0000`;
};

const queryParameters = (query: string): Record<string, string> | undefined => {
  if (query === '') return undefined;
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
};

/** Only these arrive as text; everything else, forms and bodies without a type too, arrives as base64. */
const TEXT_TYPE = /^(text\/.*|application\/(json|xml|javascript))$/;

const bodyOf = ({ body, headers }: OriginRequest): { body?: string; isBase64Encoded: boolean } => {
  if (body.length === 0) return { isBase64Encoded: false };
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  const text = TEXT_TYPE.test(type) && headers['content-encoding'] === undefined;
  return { body: body.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text };
};

/** The event of payload format 2.0, which HTTP APIs and Function URLs share. */
export const httpEvent = (request: OriginRequest, place: EventPlace): Buffer => {
  const { cookie, ...headers } = request.headers;
  const hops = headers['x-forwarded-for'];
  const queryStringParameters = queryParameters(request.query);
  return Buffer.from(
    JSON.stringify({
      version: '2.0',
      routeKey: place.routeKey,
      rawPath: place.rawPath,
      rawQueryString: request.query,
      ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
      headers: {
        ...headers,
        host: place.domainName,
        'x-forwarded-for': hops === undefined ? request.sourceIp : `${hops}, ${request.sourceIp}`,
      },
      ...(queryStringParameters === undefined ? {} : { queryStringParameters }),
      requestContext: {
        accountId: place.accountId,
        apiId: place.apiId,
        domainName: place.domainName,
        domainPrefix: place.domainName.split('.')[0],
        http: {
          method: request.method,
          path: place.rawPath,
          protocol: 'HTTP/1.1',
          sourceIp: request.sourceIp,
          userAgent: headers['user-agent'] ?? '',
        },
        requestId: place.requestId,
        routeKey: place.routeKey,
        stage: '$default',
        time: logTime(place.now),
        timeEpoch: place.now,
      },
      ...(place.pathParameters === undefined || Object.keys(place.pathParameters).length === 0
        ? {}
        : { pathParameters: place.pathParameters }),
      ...bodyOf(request),
    }),
  );
};
