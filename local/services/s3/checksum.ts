import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError, notBuilt } from '../aws-error.ts';

/** A checksum a caller stated: `algorithm` as in `x-amz-checksum-<algorithm>`, `value` in base64. */
export type Checksum = { algorithm: string; value: string };

const compute = (algorithm: string, data: Buffer): string => {
  switch (algorithm) {
    case 'crc32': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc32(data));
      return bytes.toString('base64');
    }
    case 'sha1':
    case 'sha256':
      return createHash(algorithm).update(data).digest('base64');
    default:
      throw notBuilt('S3', `checksum ${algorithm}`);
  }
};

const stated = (fields: Record<string, string>): Checksum | undefined => {
  const algorithms = Object.entries(fields).filter(([name]) => !['algorithm', 'mode', 'type'].includes(name));
  const [first] = algorithms;
  return first === undefined ? undefined : { algorithm: first[0], value: first[1] };
};

/**
 * Checks a body against the checksum stated in `x-amz-checksum-*` (`fields`: what follows that prefix) and against
 * Content-MD5; answers the stated one.
 */
export const verifyChecksum = (
  data: Buffer,
  fields: Record<string, string>,
  md5: string | undefined,
): Checksum | undefined => {
  if (md5 !== undefined && createHash('md5').update(data).digest('base64') !== md5) {
    throw new AwsError('BadDigest', 400, 'The Content-MD5 you specified did not match what we received.');
  }
  const checksum = stated(fields);
  if (checksum !== undefined && compute(checksum.algorithm, data) !== checksum.value) {
    const name = checksum.algorithm.toUpperCase();
    throw new AwsError('BadDigest', 400, `The ${name} you specified did not match the calculated checksum.`);
  }
  return checksum;
};
