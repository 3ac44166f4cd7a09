import type { z } from 'zod';
import { AwsError } from './aws-error.ts';
import type { Answer, Call } from './service.ts';

const parsed = new WeakMap<Call, unknown>();

/** The call's JSON body, parsed once however often it is asked for; an empty body is `{}`. */
export const jsonBody = (call: Call): unknown => {
  if (parsed.has(call)) return parsed.get(call);
  let body: unknown;
  try {
    body = call.body.length === 0 ? {} : JSON.parse(call.body.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 400, 'the body is not JSON');
  }
  parsed.set(call, body);
  return body;
};

/** Checks a call's input against its schema. The message names the members that are wrong. */
export const parseInput = <T extends z.ZodType>(schema: T, input: unknown, code: string): z.output<T> => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AwsError(code, 400, issues.join('; '));
};

/** The operation named by `X-Amz-Target: <prefix>.<Operation>`. */
export const targetOf = (call: Call): string => call.headers['x-amz-target']?.split('.').at(-1) ?? '';

export const jsonAnswer = (version: '1.0' | '1.1', body: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': `application/x-amz-json-${version}` },
  body: JSON.stringify(body),
});
