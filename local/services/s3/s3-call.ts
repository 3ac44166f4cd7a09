import { AwsError } from '../aws-error.ts';
import type { Call } from '../service.ts';

/** A path-style address. `key` is empty for calls on the bucket. */
export type Target = { bucket: string; key: string };

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', 400, "Couldn't parse the specified URI.");
  }
};

export const targetOf = (path: string): Target => {
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket: decode(bucket), key: decode(key) };
};

/** A header, or the query value a presigner made of it; names are lower case. */
export const field = (call: Call, name: string): string | undefined => {
  const header = call.headers[name];
  if (header !== undefined || !name.startsWith('x-amz-')) return header;
  for (const [key, value] of call.query) if (key.toLowerCase() === name) return value;
  return undefined;
};

/** All fields whose name starts so, without that prefix. */
export const fieldsUnder = (call: Call, prefix: string): Record<string, string> => {
  const all = [...call.query, ...Object.entries(call.headers)].map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ]);
  return Object.fromEntries(
    all.filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value]),
  );
};
