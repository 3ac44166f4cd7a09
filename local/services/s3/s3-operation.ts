import { notBuilt } from '../aws-error.ts';
import type { Call, Permission } from '../service.ts';
import { field, targetOf } from './s3-call.ts';
import { elements, textOf } from './xml.ts';

export type S3Operation =
  | 'HeadBucket'
  | 'ListObjectsV2'
  | 'DeleteObjects'
  | 'PutObject'
  | 'CopyObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'PutObjectTagging'
  | 'GetObjectTagging'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts';

// Operations by method and the query names that tell them apart.
const onBucket: Record<string, S3Operation> = {
  HEAD: 'HeadBucket',
  'GET list-type': 'ListObjectsV2',
  'POST delete': 'DeleteObjects',
};
const onObject: Record<string, S3Operation> = {
  PUT: 'PutObject',
  'PUT tagging': 'PutObjectTagging',
  'PUT partNumber uploadId': 'UploadPart',
  GET: 'GetObject',
  'GET tagging': 'GetObjectTagging',
  'GET uploadId': 'ListParts',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
  'DELETE uploadId': 'AbortMultipartUpload',
  'POST uploads': 'CreateMultipartUpload',
  'POST uploadId': 'CompleteMultipartUpload',
};

// Query names that only shape an answer.
const shaping = new Set([
  'x-id',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
]);
const isShaping = (name: string): boolean => shaping.has(name) || /^(x-amz-|response-)/i.test(name);

/** The operation as S3 spells it; throws 501 for every sub-resource that is not built. */
export const s3Operation = (call: Call): S3Operation => {
  const names = [...new Set(call.query.keys())].filter((name) => !isShaping(name)).sort((a, b) => (a < b ? -1 : 1));
  const signature = [call.method, ...names].join(' ');
  const found = (targetOf(call.path).key === '' ? onBucket : onObject)[signature];
  if (found === undefined) throw notBuilt('S3', signature);
  if (field(call, 'x-amz-copy-source') === undefined) return found;
  if (found !== 'PutObject') throw notBuilt('S3', `${found} with a copy source`);
  return 'CopyObject';
};

/** The object that a copy reads. */
export const copySource = (call: Call) => {
  const source = field(call, 'x-amz-copy-source') ?? '';
  if (source.includes('?')) throw notBuilt('S3', 'CopyObject of a version');
  return targetOf(source.startsWith('/') ? source : `/${source}`);
};

/** The keys named by the body of a DeleteObjects call. */
export const keysToDelete = (call: Call): string[] =>
  elements(call.body.toString('utf8'), 'Object').map((object) => textOf(object, 'Key') ?? '');

const context = (call: Call, names: Record<string, string | undefined>): Pick<Permission, 'context'> => {
  const all = { 's3:if-none-match': field(call, 'if-none-match'), 's3:if-match': field(call, 'if-match'), ...names };
  const known = Object.entries(all).flatMap(([name, value]): [string, string[]][] =>
    value === undefined ? [] : [[name, [value]]],
  );
  return known.length === 0 ? {} : { context: Object.fromEntries(known) };
};

const actions: Record<Exclude<S3Operation, 'ListObjectsV2' | 'HeadBucket' | 'DeleteObjects' | 'CopyObject'>, string> = {
  PutObject: 's3:PutObject',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  DeleteObject: 's3:DeleteObject',
  PutObjectTagging: 's3:PutObjectTagging',
  GetObjectTagging: 's3:GetObjectTagging',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
};

/** Conditional-write policies exempt the calls that create no object by `s3:ObjectCreationOperation`. */
const creation = (operation: S3Operation): string | undefined => {
  if (['PutObject', 'CopyObject', 'CompleteMultipartUpload'].includes(operation)) return 'true';
  return operation === 'CreateMultipartUpload' || operation === 'UploadPart' ? 'false' : undefined;
};

/** What a call asks of IAM, with the condition keys bucket policies use. */
export const s3Permissions = (call: Call): Permission[] => {
  const operation = s3Operation(call);
  const { bucket, key } = targetOf(call.path);
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const made = context(call, { 's3:ObjectCreationOperation': creation(operation) });
  const onKey = (action: string): Permission => ({ action, resource: `${bucketArn}/${key}`, ...made });
  const tagging = field(call, 'x-amz-tagging') === undefined ? [] : [onKey('s3:PutObjectTagging')];
  switch (operation) {
    case 'ListObjectsV2':
    case 'HeadBucket': {
      const query = {
        's3:prefix': call.query.get('prefix') ?? undefined,
        's3:delimiter': call.query.get('delimiter') ?? undefined,
      };
      return [{ action: 's3:ListBucket', resource: bucketArn, ...context(call, query) }];
    }
    case 'DeleteObjects':
      return keysToDelete(call).map((one) => ({ action: 's3:DeleteObject', resource: `${bucketArn}/${one}` }));
    case 'CopyObject': {
      const source = copySource(call);
      return [
        { action: 's3:GetObject', resource: `arn:aws:s3:::${source.bucket}/${source.key}` },
        onKey('s3:PutObject'),
        ...tagging,
      ];
    }
    default:
      return [onKey(actions[operation]), ...tagging];
  }
};
