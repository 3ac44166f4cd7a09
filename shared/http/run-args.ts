import type { ArgsOptions, Content } from '../model/args-assembly.ts';
import { assembleArgs, commaList } from '../model/args-assembly.ts';
import { badRequest } from '../model/errors.ts';
import { type JsonObject, parseSentJson } from '../model/json.ts';
import type { HttpRequest } from './request.ts';

type ArgsQuery = {
  raw?: boolean | undefined;
  wrap_body?: boolean | undefined;
  include_header?: string | undefined;
  include_query?: string | undefined;
  payload?: string | undefined;
};

/**
 * The arguments that a request to a run route brings: body on POST, `payload` on GET. Throws 400 or 413 naming what is
 * wrong. `query` is the route's parsed query.
 */
export const argsOf = async (
  request: Pick<HttpRequest, 'method' | 'headers' | 'query' | 'body'>,
  query: ArgsQuery,
): Promise<{ args: JsonObject; argsText: string | undefined }> => {
  const options: ArgsOptions = {
    wrapBody: query.wrap_body ?? false,
    raw: query.raw ?? false,
    includeHeader: commaList(query.include_header),
    includeQuery: commaList(query.include_query),
  };
  const content = request.method === 'POST' ? await bodyContent(request) : payloadContent(query.payload);
  const args = assembleArgs(content, options, request);
  // The very object that the body held: its text says the same, and keeps numbers that JavaScript cannot hold.
  const argsText = content.is === 'json' && args === content.value ? content.text : undefined;
  return { args, argsText };
};

const payloadContent = (payload: string | undefined): Content => {
  if (payload === undefined) return { is: 'none' };
  const text = utf8('payload', Buffer.from(payload, 'base64url'));
  const json = parseSentJson(text);
  if (!json.ok) throw badRequest(`Bad request: payload must be url-safe base64 of JSON (${json.reason})`);
  return { is: 'json', value: json.value, text };
};

const bodyContent = async (request: Pick<HttpRequest, 'headers' | 'body'>): Promise<Content> => {
  const contentType = request.headers['content-type'] ?? '';
  const [type = ''] = contentType.toLowerCase().split(';');
  if (request.body.length === 0) return { is: 'none' };
  switch (type.trim()) {
    case 'application/x-www-form-urlencoded': {
      const text = utf8('body', request.body);
      return { is: 'fields', fields: Object.fromEntries(new URLSearchParams(text)), text };
    }
    case 'multipart/form-data':
      return { is: 'fields', fields: await multipartFields(contentType, request.body), text: '' };
    default:
      return isJson(type.trim()) ? jsonContent(request.body) : { is: 'other', text: utf8('body', request.body) };
  }
};

const isJson = (type: string): boolean => type === '' || type === 'application/json' || type.endsWith('+json');

const jsonContent = (body: Uint8Array): Content => {
  const text = utf8('body', body);
  const json = parseSentJson(text);
  if (!json.ok) throw badRequest(`Bad request: body is not JSON that can be taken (${json.reason})`);
  return { is: 'json', value: json.value, text };
};

const utf8 = (field: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw badRequest(`Bad request: ${field} is not UTF-8 text`, { cause: error });
  }
};

/** Reads the fields of a form by the parser that Node's own fetch has. */
const multipartFields = async (contentType: string, body: Uint8Array): Promise<Record<string, string>> => {
  const form = await new Response(Uint8Array.from(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((error: unknown) => {
      throw badRequest('Bad request: body is no multipart form', { cause: error });
    });
  const fields: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value !== 'string')
      throw badRequest(`Bad request: field ${name} is a file: files need an object storage, which is not set up`);
    fields.push([name, value]);
  }
  // Unlike an assignment, this makes a field of every name, `__proto__` too.
  return Object.fromEntries(fields);
};
