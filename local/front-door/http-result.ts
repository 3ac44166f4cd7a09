import { z } from 'zod';
import { parseJson } from '../../shared/model/json.ts';
import type { OriginResponse } from './origin-call.ts';

const Head = z.looseObject({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
});

const Result = Head.extend({
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

const Statusless = z.object({ statusCode: z.undefined().optional() });

type Parsed = { status: number; headers: Record<string, string | string[]> };

const headOf = ({ statusCode, headers, cookies }: z.infer<typeof Head>): Parsed => ({
  status: statusCode,
  headers: {
    ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])),
    ...(cookies == null || cookies.length === 0 ? {} : { 'set-cookie': cookies }),
  },
});

/** The JSON before the eight NUL bytes of a streamed HTTP answer; undefined when it is not one. */
export const parsePrelude = (text: string): Parsed | undefined => {
  const json = parseJson(text);
  const head = Head.safeParse(json.ok ? { statusCode: 200, ...Object(json.value) } : undefined);
  return head.success ? headOf(head.data) : undefined;
};

/**
 * A function's buffered answer as HTTP: the status and headers it names, or, without a status, 200 and the whole value.
 * Undefined when it names a status but is malformed otherwise.
 */
export const parseResult = (payload: Buffer, defaultType: string): OriginResponse | undefined => {
  const text = payload.toString('utf8');
  const json = parseJson(text);
  if (!json.ok) return undefined;
  const result = Result.safeParse(json.value);
  if (result.success) {
    const { status, headers } = headOf(result.data);
    const body = Buffer.from(result.data.body ?? '', result.data.isBase64Encoded === true ? 'base64' : 'utf8');
    return { status, headers: { 'content-type': defaultType, ...headers }, body };
  }
  const isObject = typeof json.value === 'object' && json.value !== null;
  if (isObject && !Array.isArray(json.value) && !Statusless.safeParse(json.value).success) return undefined;
  const body = typeof json.value === 'string' ? json.value : text;
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
};
