import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { badRequest } from '../model/errors.ts';
import { type Json, parseSentJson } from '../model/json.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** How a request's body is read. `parse` throws a 400 Problem that names the field. */
export type BodyRule<B> = {
  kind: 'none' | 'raw' | 'json';
  schema: z.ZodType | undefined;
  parse: (bytes: Uint8Array) => B;
};

/** How an answer looks on the wire. `encode` turns a route's value into text, or into pieces sent as they come. */
export type AnswerRule<A> = {
  status: number;
  type: string;
  schema: z.ZodType | undefined;
  encode: (value: A) => string | AsyncIterable<string | Uint8Array>;
};

/**
 * One operation of the HTTP API, as data: router, authentication, OpenAPI and clients are made from it. `path` stands
 * under `/api`; `{name}` is one segment, `{name+}` (last only) one or more.
 */
export type Contract<P, Q, B, A> = {
  id: string;
  method: Method;
  path: string;
  summary: string;
  params: z.ZodType<P>;
  query: z.ZodType<Q>;
  body: BodyRule<B>;
  answer: AnswerRule<A>;
  access: Access;
  /** The body names paths (`path`, `paths`) that the request is about as well: a token's scopes must cover each. */
  pathsInBody?: true;
  /** Leaves no line in the audit log: it changes nothing but what a job tells of itself, and does so often. */
  unaudited?: true;
};

/** States a contract; does nothing but infer its types. */
export const contract = <P, Q, B, A, R extends Access>(
  stated: Contract<P, Q, B, A> & { access: R },
): Contract<P, Q, B, A> & { access: R } => stated;

/** What is wrong with a value, one clause a field, as a caller reads it. */
const explain = (where: string, error: z.ZodError): string =>
  error.issues
    .map((issue) => `${[where, issue.path.join('.')].filter((part) => part !== '').join(' ')}: ${issue.message}`)
    .join('; ');

/** Parses a part of a request; throws a 400 Problem that names the field. */
export const parsePart = <T>(where: string, schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(`Bad request: ${explain(where, parsed.error)}`);
};

/** A body, if any came, is not looked at. */
export const noBody: BodyRule<undefined> = { kind: 'none', schema: undefined, parse: () => undefined };

/** The bytes as they came. */
export const rawBody: BodyRule<Uint8Array> = { kind: 'raw', schema: undefined, parse: (bytes) => bytes };

const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw badRequest('Bad request: body is not UTF-8 text', { cause: error });
  }
};

const parseJsonBytes = (bytes: Uint8Array): Json => {
  const json = parseSentJson(textOf(bytes));
  if (!json.ok) throw badRequest(`Bad request: body is not JSON that can be taken (${json.reason})`);
  return json.value;
};

/** A JSON body, whatever its Content-Type says; an empty body counts as `{}`. */
export const jsonBody = <B>(schema: z.ZodType<B>): BodyRule<B> => ({
  kind: 'json',
  schema,
  parse: (bytes) => parsePart('body', schema, bytes.length === 0 ? {} : parseJsonBytes(bytes)),
});

/** Plain text, without quotes or newline. */
export const textAnswer = (status: number): AnswerRule<string> => ({
  status,
  type: 'text/plain',
  schema: undefined,
  encode: (text) => text,
});

/** A JSON value. What the schema does not know is still sent: the compiler holds routes to it, not the wire. */
export const jsonAnswer = <A>(status: number, schema: z.ZodType<unknown, A>): AnswerRule<A> => ({
  status,
  type: 'application/json',
  schema,
  encode: (value) => JSON.stringify(value),
});

/** JSON that is text already, such as a job's result. */
export const jsonTextAnswer = (status: number, schema: z.ZodType = z.json()): AnswerRule<string> => ({
  status,
  type: 'application/json',
  schema,
  encode: (text) => text,
});

/** JSON that is text already and may be large: sent in the pieces it comes in. Needs a streaming handler. */
export const jsonPiecesAnswer = (
  status: number,
  schema: z.ZodType = z.json(),
): AnswerRule<string | AsyncIterable<string | Uint8Array>> => ({
  status,
  type: 'application/json',
  schema,
  encode: (pieces) => pieces,
});

/** Pieces sent as they come; a failure after the first one breaks the connection. Needs a streaming handler. */
export const streamAnswer = (
  status: number,
  type: 'text/plain' | 'application/json' | 'text/event-stream',
): AnswerRule<AsyncIterable<string | Uint8Array>> => ({ status, type, schema: undefined, encode: (pieces) => pieces });

export const NoParams = z.object({});
export const NoQuery = z.object({});
