import { createHash, randomUUID } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Answer, Call } from '../service.ts';
import type { Part, Upload } from './object-index.ts';
import { md5Hex, type ObjectStore } from './object-store.ts';
import { checkWrite } from './preconditions.ts';
import { checksumHeader, keptHeaders, receivedData } from './received-object.ts';
import { field, type Target } from './s3-call.ts';
import { elements, textOf, xmlAnswer } from './xml.ts';

const MIN_PART_BYTES = 5 * 1024 * 1024;

const uploadOf = (store: ObjectStore, target: Target, call: Call): Upload => {
  const upload = store.index.upload(call.query.get('uploadId') ?? '', target.bucket, target.key);
  if (upload !== undefined) return upload;
  throw new AwsError('NoSuchUpload', 404, 'The specified upload does not exist.');
};

export const beginUpload = (store: ObjectStore, target: Target, call: Call): Answer => {
  const upload = { id: randomUUID(), ...target, headers: keptHeaders(call), tags: field(call, 'x-amz-tagging') ?? '' };
  store.index.beginUpload(upload, store.now());
  return xmlAnswer('InitiateMultipartUploadResult', { Bucket: target.bucket, Key: target.key, UploadId: upload.id });
};

export const putPart = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  const upload = uploadOf(store, target, call);
  const number = Number(call.query.get('partNumber'));
  if (!(number >= 1 && number <= 10_000)) throw new AwsError('InvalidArgument', 400, 'Part number must be 1 to 10000');
  const { data, checksum } = receivedData(call);
  const etag = md5Hex(data);
  const file = await store.files.write(target.bucket, target.key, data);
  const replaced = store.index.putPart(upload.id, { number, file, size: data.length, etag });
  if (replaced !== undefined) await store.files.remove(replaced);
  return { status: 200, headers: { etag: `"${etag}"`, ...checksumHeader(checksum) }, body: '' };
};

const chosenParts = (call: Call, parts: readonly Part[]): Part[] => {
  const wanted = elements(call.body.toString('utf8'), 'Part').map((part) => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: textOf(part, 'ETag')?.replaceAll('"', ''),
  }));
  if (wanted.length === 0) throw new AwsError('MalformedXML', 400, 'You must specify at least one part');
  if (wanted.some((part, at) => part.number <= (wanted[at - 1]?.number ?? 0))) {
    throw new AwsError('InvalidPartOrder', 400, 'The list of parts was not in ascending order.');
  }
  const chosen = wanted.map(({ number, etag }) => {
    const part = parts.find((one) => one.number === number && one.etag === etag);
    if (part === undefined)
      throw new AwsError('InvalidPart', 400, 'One or more of the specified parts could not be found.');
    return part;
  });
  if (chosen.slice(0, -1).some((part) => part.size < MIN_PART_BYTES)) {
    throw new AwsError('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size');
  }
  return chosen;
};

const forget = async (store: ObjectStore, upload: Upload): Promise<void> => {
  const files = store.index.parts(upload.id).map((part) => part.file);
  store.index.endUpload(upload.id);
  for (const file of files) await store.files.remove(file);
};

export const completeUpload = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  const upload = uploadOf(store, target, call);
  const parts = chosenParts(call, store.index.parts(upload.id));
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  const etag = `${hash.digest('hex')}-${parts.length}`;
  const data = store.files.readAll(parts.map((part) => part.file));
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const { headers, tags } = upload;
  await store.put({ ...target, data, size, etag, headers, tags }, (existing) => checkWrite(call, existing));
  await forget(store, upload);
  return xmlAnswer('CompleteMultipartUploadResult', { Bucket: target.bucket, Key: target.key, ETag: `"${etag}"` });
};

export const abortUpload = async (store: ObjectStore, target: Target, call: Call): Promise<Answer> => {
  await forget(store, uploadOf(store, target, call));
  return { status: 204, headers: {}, body: '' };
};

/** Aborts every upload to the bucket that began before `time`. */
export const abortStaleUploads = async (store: ObjectStore, bucket: string, time: number): Promise<void> => {
  for (const upload of store.index.uploadsBefore(bucket, time)) await forget(store, upload);
};

export const listParts = (store: ObjectStore, target: Target, call: Call): Answer => {
  const upload = uploadOf(store, target, call);
  const Part = store.index
    .parts(upload.id)
    .map(({ number, etag, size }) => ({ PartNumber: number, ETag: `"${etag}"`, Size: size }));
  return xmlAnswer('ListPartsResult', {
    Bucket: target.bucket,
    Key: target.key,
    UploadId: upload.id,
    IsTruncated: false,
    Part,
  });
};
