import type { Call } from '../service.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { type Checksum, verifyChecksum } from './checksum.ts';
import { field, fieldsUnder } from './s3-call.ts';

const kept = ['cache-control', 'content-disposition', 'content-language', 'expires'];

/** The headers a later GET answers with: type, encoding without `aws-chunked`, user metadata. */
export const keptHeaders = (call: Call): Record<string, string> => {
  const encoding = (call.headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one !== 'aws-chunked');
  const metadata = Object.entries(fieldsUnder(call, 'x-amz-meta-')).map(([name, value]) => [
    `x-amz-meta-${name}`,
    value,
  ]);
  const plain = kept.flatMap((name) => (call.headers[name] === undefined ? [] : [[name, call.headers[name]]]));
  return {
    'content-type': call.headers['content-type'] ?? 'binary/octet-stream',
    ...(encoding.length === 0 ? {} : { 'content-encoding': encoding.join(',') }),
    ...Object.fromEntries([...plain, ...metadata]),
  };
};

/** The bytes of an upload, out of their chunks and checked against every checksum the caller stated. */
export const receivedData = (call: Call): { data: Buffer; checksum: Checksum | undefined } => {
  const chunked = field(call, 'x-amz-content-sha256')?.startsWith('STREAMING-') === true;
  const { data, trailers } = chunked ? decodeAwsChunked(call.body) : { data: call.body, trailers: {} };
  const inTrailer = Object.entries(trailers).filter(([name]) => name.startsWith('x-amz-checksum-'));
  const fields = {
    ...fieldsUnder(call, 'x-amz-checksum-'),
    ...Object.fromEntries(inTrailer.map(([name, value]) => [name.slice('x-amz-checksum-'.length), value])),
  };
  return { data, checksum: verifyChecksum(data, fields, call.headers['content-md5']) };
};

export const checksumHeader = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined
    ? {}
    : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' };
