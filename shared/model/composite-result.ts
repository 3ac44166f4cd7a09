import { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';
import { rawMember } from './raw-member.ts';

/** An answer that a job's result describes, or why it cannot be given. */
export type Composite = { status: number; headers: Record<string, string>; body: string } | { wrong: string };

/** A header or type that can stand on the wire as it is. */
const PRINTABLE = /^[\t\x20-\x7e]{0,4000}$/;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/;
const MOST_HEADERS = 50;

/**
 * What a script may not say in the name of an origin that it shares with everybody: cookies, who may read answers from
 * elsewhere, what browsers shall think of the whole origin, and what belongs to the connection.
 */
const NOT_THEIRS =
  /^(set-cookie2?|access-control-.*|content-security-policy.*|cross-origin-.*|x-content-type-options|strict-transport-security|clear-site-data|service-worker-allowed|origin-agent-cluster|alt-svc|nel|report-to|reporting-endpoints|connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade|content-length|content-encoding|date|server|via|x-amzn?-.*|x-millrace-.*)$/;

/** Statuses that have no body. */
const BODILESS = [204, 205, 304];

/** In a browser it is a document of no origin that runs nothing: it shares ours with the pages of the product. */
const SANDBOX = { 'content-security-policy': 'sandbox' };

type Said = { name: string; value: Json };

const said = (result: JsonObject, what: 'status_code' | 'content_type' | 'headers'): Said | undefined => {
  for (const name of [`windmill_${what}`, `wm_${what}`]) {
    const value = Object.hasOwn(result, name) ? result[name] : undefined;
    if (value !== undefined && value !== null) return { name, value };
  }
  return undefined;
};

const statusOf = ({ name, value }: Said): number | { wrong: string } =>
  typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599
    ? value
    : { wrong: `${name} is ${JSON.stringify(value).slice(0, 100)}: it must be a whole number from 200 to 599` };

const typeOf = ({ name, value }: Said): string | { wrong: string } =>
  typeof value === 'string' && value !== '' && PRINTABLE.test(value)
    ? value
    : { wrong: `${name} must be a content type such as "text/html": printable ASCII` };

const headersOf = ({ name, value }: Said): Record<string, string> | { wrong: string } => {
  if (!isJsonObject(value) || Object.keys(value).length > MOST_HEADERS)
    return { wrong: `${name} must be an object of at most ${MOST_HEADERS} headers` };
  const headers: Record<string, string> = {};
  for (const [header, text] of Object.entries(value)) {
    if (!HEADER_NAME.test(header)) return { wrong: `${name} has ${JSON.stringify(header)}, which is no header's name` };
    if (typeof text !== 'string' || !PRINTABLE.test(text))
      return { wrong: `${name} ${header} must be a text of at most 4,000 printable ASCII characters` };
    if (!NOT_THEIRS.test(header.toLowerCase())) headers[header.toLowerCase()] = text;
  }
  return headers;
};

const isWrong = (value: unknown): value is { wrong: string } =>
  typeof value === 'object' && value !== null && 'wrong' in value && typeof value.wrong === 'string';

/**
 * The answer that a result describes by `windmill_status_code`, `windmill_content_type` and `windmill_headers` (or `wm_...`);
 * undefined for one that says none of them. Its body is the result's `result`: text as it is where there is a content type,
 * JSON otherwise. Without a status it is `standard`, or 204 without a `result`. Always with `content-security-policy:
 * sandbox`, and never with a header that is the origin's (cookies, CORS, policies) or the connection's: these are left out.
 */
export const compositeAnswer = (text: string, standard: number): Composite | undefined => {
  if (!/"(windmill|wm)_(status_code|content_type|headers)"/.test(text)) return undefined;
  const parsed = parseJson(text);
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const [status, type, headers] = [
    said(parsed.value, 'status_code'),
    said(parsed.value, 'content_type'),
    said(parsed.value, 'headers'),
  ];
  if (status === undefined && type === undefined && headers === undefined) return undefined;
  const given = headers === undefined ? {} : headersOf(headers);
  if (isWrong(given)) return { wrong: given.wrong };
  const contentType = type === undefined ? given['content-type'] : typeOf(type);
  if (isWrong(contentType)) return contentType;
  const raw = rawMember(text, 'result');
  const code = status === undefined ? (raw === undefined ? 204 : standard) : statusOf(status);
  if (isWrong(code)) return code;
  const value = parsed.value.result;
  const body = contentType !== undefined && typeof value === 'string' ? value : (raw ?? '');
  return {
    status: code,
    headers: { ...given, 'content-type': contentType ?? 'application/json', ...SANDBOX },
    body: BODILESS.includes(code) ? '' : body,
  };
};
