import type { StatedContent } from '../model/runner.ts';

/**
 * A PUT for whoever has no rights of his own, good for `seconds`: it signs key, length, SHA-256 and `if-none-match: *`, so S3
 * itself refuses anything else.
 */
export const presignedPut = async (
  bucket: string,
  key: string,
  stated: StatedContent,
  seconds: number,
): Promise<{ url: string; headers: Record<string, string> }> => {
  const [{ PutObjectCommand, s3Client }, { getSignedUrl }] = await Promise.all([
    import('./s3.ts'),
    import('@aws-sdk/s3-request-presigner'),
  ]);
  const checksum = Buffer.from(stated.sha256, 'hex').toString('base64');
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentLength: stated.bytes,
    ChecksumSHA256: checksum,
    IfNoneMatch: '*',
  });
  const headers = { 'if-none-match': '*', 'x-amz-checksum-sha256': checksum };
  const signed = new Set([...Object.keys(headers), 'content-length']);
  const url = await getSignedUrl(s3Client(), command, {
    expiresIn: seconds,
    unhoistableHeaders: signed,
    signableHeaders: new Set(['host', ...signed]),
  });
  return { url, headers };
};
