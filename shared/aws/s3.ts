import { S3Client } from '@aws-sdk/client-s3';

/** What is used of the client, by name, so that the rest stays out of the bundles. */
export {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';

let client: S3Client | undefined;

/** The S3 client. Import this file lazily: few jobs are large enough to need S3, and loading it costs a cold start. */
export const s3Client = (): S3Client => {
  client ??= new S3Client({ maxAttempts: 4 });
  return client;
};
