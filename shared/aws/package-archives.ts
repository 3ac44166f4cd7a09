import type { PackageArchives } from '../jobs/package-ports.ts';
import { packageKey } from '../model/python-lock.ts';
import type { StatedContent } from '../model/runner.ts';
import { presignedPut } from './presigned-put.ts';

/** What a caller without the right to list is told of an object that is not there; an answer to HEAD has no other words. */
const ABSENT = new Set<number | undefined>([403, 404]);
/** A link is signed for this much longer than it is given out for, so that jobs in a row get the same one. */
const SPARE_SECONDS = 300;
/** Signing takes half a millisecond, which is much for a lock of hundreds. */
const REMEMBERED_LINKS = 2_000;

/** In the bucket that lets nobody replace an object. A workspace's packages are its own: nothing is shared between two. */
export class S3PackageArchives implements PackageArchives {
  readonly #bucket: string;
  readonly #now: () => number;
  readonly #links = new Map<string, { url: string; until: number }>();

  /** `now` in milliseconds since 1970. */
  constructor(bucket: string, now: () => number) {
    this.#bucket = bucket;
    this.#now = now;
  }

  links(workspace: string, hashes: string[], seconds: number): Promise<string[]> {
    return Promise.all(hashes.map((sha256) => this.#link(packageKey(workspace, sha256), seconds)));
  }

  async #link(key: string, seconds: number): Promise<string> {
    const known = this.#links.get(key);
    if (known !== undefined && known.until >= this.#now() + seconds * 1000) return known.url;
    const [{ GetObjectCommand, s3Client }, { getSignedUrl }] = await Promise.all([
      import('./s3.ts'),
      import('@aws-sdk/s3-request-presigner'),
    ]);
    const expiresIn = seconds + SPARE_SECONDS;
    const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
    const now = this.#now();
    const until = now + expiresIn * 1000;
    const url = await getSignedUrl(s3Client(), command, { expiresIn, signingDate: new Date(now) });
    this.#links.delete(key);
    this.#links.set(key, { url, until });
    const oldest = this.#links.size > REMEMBERED_LINKS ? this.#links.keys().next().value : undefined;
    if (oldest !== undefined) this.#links.delete(oldest);
    return url;
  }

  places(workspace: string, archives: StatedContent[], seconds: number) {
    return Promise.all(
      archives.map((one) => presignedPut(this.#bucket, packageKey(workspace, one.sha256), one, seconds)),
    );
  }

  async check(workspace: string, sha256: string): Promise<boolean> {
    const { DeleteObjectCommand, HeadObjectCommand, s3Client, S3ServiceException } = await import('./s3.ts');
    const at = { Bucket: this.#bucket, Key: packageKey(workspace, sha256) };
    try {
      const { ChecksumSHA256 } = await s3Client().send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
      if (ChecksumSHA256 === Buffer.from(sha256, 'hex').toString('base64')) return true;
    } catch (error) {
      if (error instanceof S3ServiceException && ABSENT.has(error.$metadata.httpStatusCode)) return false;
      throw error;
    }
    await s3Client().send(new DeleteObjectCommand(at));
    return false;
  }
}
