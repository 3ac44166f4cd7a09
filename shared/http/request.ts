import { z } from 'zod';
import { Problem } from '../model/errors.ts';
import { sourceOf } from './source-address.ts';

/** A request as the routes see it, whether it came through the HTTP API or a Function URL. */
export type HttpRequest = {
  /** The id under which a 500 is logged. */
  id: string;
  method: string;
  /** As it came: percent-encoded by Function URLs. */
  path: string;
  /** Decoded; a name given more than once has its values joined by commas. Names without a value are left out. */
  query: Record<string, string>;
  /** Names in lower case. */
  headers: Record<string, string>;
  cookies: string[];
  body: Uint8Array;
  /** The address that the request came to the front door from; undefined: it did not say. */
  source: string | undefined;
};

/** The Lambda payload of an HTTP API and of a Function URL (format 2.0), as far as it is read. */
export const HttpEvent = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().optional(),
  headers: z.record(z.string(), z.string().optional()).default({}),
  cookies: z.array(z.string()).optional(),
  requestContext: z.object({
    requestId: z.string(),
    http: z.object({ method: z.string(), sourceIp: z.string().optional() }),
  }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});
export type HttpEvent = z.infer<typeof HttpEvent>;

/** Lambda takes no larger event: what is larger never arrives, except in tests and over other ways in. */
const BODY_LIMIT_BYTES = 6 * 1024 * 1024;

const joinedQuery = (raw: string): Record<string, string> => {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(raw)) {
    if (value === '') continue;
    const before = query[name];
    query[name] = before === undefined ? value : `${before},${value}`;
  }
  return query;
};

const lowerCaseHeaders = (headers: HttpEvent['headers']): Record<string, string> => {
  const lower: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) lower[name.toLowerCase()] = value;
  return lower;
};

/** Reads a parsed event. Throws 413 for a body over the limit. */
export const toRequest = (event: HttpEvent): HttpRequest => {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > BODY_LIMIT_BYTES)
    throw new Problem(
      413,
      `body: ${body.length} bytes are more than the limit of ${BODY_LIMIT_BYTES}: upload large arguments (jobs/args_upload) and run with args_ref`,
    );
  const headers = lowerCaseHeaders(event.headers);
  return {
    id: event.requestContext.requestId,
    method: event.requestContext.http.method.toUpperCase(),
    path: event.rawPath,
    source: sourceOf(headers['x-forwarded-for'], event.requestContext.http.sourceIp),
    query: joinedQuery(event.rawQueryString ?? ''),
    headers,
    cookies: event.cookies ?? [],
    body,
  };
};
