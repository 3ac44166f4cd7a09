import type { Uploaded, UploadPlace, UploadStore } from '../jobs/payload-ports.ts';
import type { StatedContent } from '../model/runner.ts';
import { payloadObject } from './job-keys.ts';
import { presignedPut } from './presigned-put.ts';

const objectOf = (place: UploadPlace): string =>
  payloadObject(place.job, place.kind === 'args' ? 'args#upload' : `result#attempt-${place.attempt}`);

/** What a caller without the right to list is told of an object that is not there. */
const ABSENT = new Set(['NoSuchKey', 'NotFound', 'AccessDenied']);

/** Uploads by presigned PUTs: they sign key, length, SHA-256 and `if-none-match: *`, so S3 itself refuses anything else. */
export class S3UploadStore implements UploadStore {
  readonly #bucket: string;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  invite(place: UploadPlace, stated: StatedContent, seconds: number) {
    return presignedPut(this.#bucket, objectOf(place), stated, seconds);
  }

  async open(place: UploadPlace): Promise<Uploaded | undefined> {
    const { GetObjectCommand, s3Client } = await import('./s3.ts');
    const key = objectOf(place);
    try {
      const { Body, ContentLength, ChecksumSHA256 } = await s3Client().send(
        new GetObjectCommand({ Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' }),
      );
      if (Body === undefined || ContentLength === undefined) throw new Error('an uploaded object has no body');
      const stream = Body.transformToWebStream();
      return {
        payload: { at: 'object', key, bytes: ContentLength },
        sha256: ChecksumSHA256 === undefined ? undefined : Buffer.from(ChecksumSHA256, 'base64').toString('hex'),
        pieces: stream,
        close: () => void stream.cancel().catch(() => undefined),
      };
    } catch (error) {
      if (error instanceof Error && ABSENT.has(error.name)) return undefined;
      throw error;
    }
  }
}
