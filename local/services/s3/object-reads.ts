import type { Answer, Call } from '../service.ts';
import { byteRange } from './byte-range.ts';
import type { StoredObject } from './object-index.ts';
import type { ObjectStore } from './object-store.ts';
import { checkRead, noSuchKey } from './preconditions.ts';
import { field, type Target } from './s3-call.ts';

const TRIES = 5;

const overrides = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

const headersOf = (call: Call, object: StoredObject, whole: boolean): Record<string, string> => {
  const withChecksum = whole && field(call, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  const kept = Object.entries(object.headers).filter(([name]) => withChecksum || !name.startsWith('x-amz-checksum-'));
  const asked = overrides.flatMap((name) => {
    const value = call.query.get(`response-${name}`);
    return value === null ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries([...kept, ...asked]),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified_at).toUTCString(),
    'accept-ranges': 'bytes',
  };
};

/** Answers GetObject and HeadObject: the whole object or a range of it, 304 to a caller that has this version. */
export const readObject = async (store: ObjectStore, { bucket, key }: Target, call: Call): Promise<Answer> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const object = store.index.find(bucket, key);
    if (object === undefined) throw noSuchKey();
    if (checkRead(call, object) === 'not modified')
      return { status: 304, headers: { etag: `"${object.etag}"` }, body: '' };
    const range = byteRange(call.headers.range, object.size);
    const span = range ?? { start: 0, end: object.size - 1 };
    const headers = {
      ...headersOf(call, object, range === undefined),
      'content-length': String(span.end - span.start + 1),
      ...(range === undefined ? {} : { 'content-range': `bytes ${span.start}-${span.end}/${object.size}` }),
    };
    const status = range === undefined ? 200 : 206;
    if (call.method === 'HEAD' || object.size === 0) return { status, headers, body: '' };
    const body = await store.read(object, span);
    if (body !== undefined) return { status, headers, body };
  }
  throw noSuchKey();
};
