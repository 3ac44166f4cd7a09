import type { Answer, Call } from '../service.ts';
import type { ObjectIndex, StoredObject } from './object-index.ts';
import { xmlAnswer } from './xml.ts';

type Page = { contents: StoredObject[]; prefixes: string[]; next: string | undefined };

const PAGE = 1000;
// Sorts after every key that begins with what stands before it.
const last = '\u{10FFFF}';
const after = (key: string): string => `${key}\0`;

const collect = (
  index: ObjectIndex,
  bucket: string,
  query: { prefix: string; delimiter: string; from: string; max: number },
): Page => {
  const { prefix, delimiter, max } = query;
  const contents: StoredObject[] = [];
  const prefixes: string[] = [];
  let from = Buffer.compare(Buffer.from(query.from), Buffer.from(prefix)) > 0 ? query.from : prefix;
  let rolledUp: string | undefined;
  for (;;) {
    const rows = index.from(bucket, from, PAGE);
    for (const row of rows) {
      if (rolledUp !== undefined && row.key.startsWith(rolledUp)) continue;
      if (!row.key.startsWith(prefix)) return { contents, prefixes, next: undefined };
      if (contents.length + prefixes.length === max) return { contents, prefixes, next: from };
      const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length);
      rolledUp = cut < 0 ? undefined : row.key.slice(0, cut + delimiter.length);
      if (rolledUp === undefined) contents.push(row);
      else prefixes.push(rolledUp);
      from = rolledUp === undefined ? after(row.key) : `${rolledUp}${last}`;
    }
    if (rows.length < PAGE) return { contents, prefixes, next: undefined };
  }
};

const numberIn = (text: string | null): number => (text === null ? PAGE : Math.min(PAGE, Number(text)));

/** Answers ListObjectsV2: keys in the order of their UTF-8 bytes, rolled up at a delimiter, in pages. */
export const listObjects = (index: ObjectIndex, bucket: string, { query }: Call): Answer => {
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const start = startAfter === null ? '' : after(startAfter);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const from = token === null ? start : Buffer.from(token, 'base64url').toString('utf8');
  const max = numberIn(query.get('max-keys'));
  const page = collect(index, bucket, { prefix, delimiter, from, max });
  const shown = (key: string): string =>
    query.get('encoding-type') === 'url' ? encodeURIComponent(key).replaceAll('%2F', '/') : key;
  return xmlAnswer('ListBucketResult', {
    Name: bucket,
    Prefix: shown(prefix),
    Delimiter: delimiter === '' ? undefined : shown(delimiter),
    EncodingType: query.get('encoding-type') ?? undefined,
    MaxKeys: max,
    KeyCount: page.contents.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    StartAfter: startAfter ?? undefined,
    Contents: page.contents.map((object) => ({
      Key: shown(object.key),
      LastModified: new Date(object.modified_at).toISOString(),
      ETag: `"${object.etag}"`,
      Size: object.size,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: page.prefixes.map((one) => ({ Prefix: shown(one) })),
  });
};
