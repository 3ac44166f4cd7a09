import { AwsError, notBuilt } from '../aws-error.ts';
import type { Answer, Call } from '../service.ts';
import { md5Hex, type ObjectStore } from './object-store.ts';
import { checkWrite, noSuchKey } from './preconditions.ts';
import { checksumHeader, keptHeaders, receivedData } from './received-object.ts';
import { field, type Target } from './s3-call.ts';
import { copySource, keysToDelete } from './s3-operation.ts';
import { elements, textOf, xmlAnswer } from './xml.ts';

const MAX_KEY_BYTES = 1024;

export const putObject = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  if (Buffer.byteLength(target.key) > MAX_KEY_BYTES) throw new AwsError('KeyTooLongError', 400, 'Your key is too long');
  const { data, checksum } = receivedData(call);
  const etag = md5Hex(data);
  const headers = { ...keptHeaders(call), ...checksumHeader(checksum) };
  const object = { ...target, data, size: data.length, etag, headers, tags: field(call, 'x-amz-tagging') ?? '' };
  await store.put(object, (existing) => checkWrite(call, existing));
  return { status: 200, headers: { etag: `"${etag}"`, ...checksumHeader(checksum) }, body: '' };
};

export const copyObject = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  const from = copySource(call);
  const source = store.index.find(from.bucket, from.key);
  if (source === undefined) throw noSuchKey();
  if (Object.keys(call.headers).some((name) => name.startsWith('x-amz-copy-source-if-')))
    throw notBuilt('S3', 'CopyObject on a condition of the source');
  const headers = field(call, 'x-amz-metadata-directive') === 'REPLACE' ? keptHeaders(call) : source.headers;
  const { size, etag, tags } = source;
  const data = store.files.readAll([source.file]);
  await store.put({ ...target, data, size, etag, headers, tags }, (existing) => checkWrite(call, existing));
  return xmlAnswer('CopyObjectResult', { ETag: `"${etag}"`, LastModified: new Date(store.now()).toISOString() });
};

/** Succeeds also when there is no such object. */
export const deleteObject = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  if (field(call, 'if-match') !== undefined) throw notBuilt('S3', 'DeleteObject with If-Match');
  await store.remove(target.bucket, target.key);
  return { status: 204, headers: {}, body: '' };
};

export const deleteObjects = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  receivedData(call);
  const keys = keysToDelete(call);
  if (keys.length === 0 || keys.length > 1000) throw new AwsError('MalformedXML', 400, 'A call deletes 1 to 1000 keys');
  for (const key of keys) await store.remove(target.bucket, key);
  const quiet = textOf(call.body.toString('utf8'), 'Quiet') === 'true';
  return xmlAnswer('DeleteResult', { Deleted: quiet ? undefined : keys.map((Key) => ({ Key })) });
};

export const putTagging = (store: ObjectStore, { bucket, key }: Target, call: Call): Answer => {
  if (store.index.find(bucket, key) === undefined) throw noSuchKey();
  const { data } = receivedData(call);
  const tags = new URLSearchParams();
  for (const tag of elements(data.toString('utf8'), 'Tag'))
    tags.append(textOf(tag, 'Key') ?? '', textOf(tag, 'Value') ?? '');
  store.index.tag(bucket, key, tags.toString());
  return { status: 200, headers: {}, body: '' };
};

export const getTagging = (store: ObjectStore, { bucket, key }: Target): Answer => {
  const object = store.index.find(bucket, key);
  if (object === undefined) throw noSuchKey();
  const Tag = [...new URLSearchParams(object.tags)].map(([Key, Value]) => ({ Key, Value }));
  return xmlAnswer('Tagging', { TagSet: { Tag } });
};
