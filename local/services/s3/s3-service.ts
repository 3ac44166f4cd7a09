import { AwsError } from '../aws-error.ts';
import type { Answer, Call, Permission, Service } from '../service.ts';
import { abortStaleUploads, abortUpload, beginUpload, completeUpload, listParts, putPart } from './multipart.ts';
import { listObjects } from './object-listing.ts';
import { readObject } from './object-reads.ts';
import { md5Hex, ObjectStore } from './object-store.ts';
import { copyObject, deleteObject, deleteObjects, getTagging, putObject, putTagging } from './object-writes.ts';
import { targetOf } from './s3-call.ts';
import { copySource, type S3Operation, s3Operation, s3Permissions } from './s3-operation.ts';

export type BucketDefinition = { name: string; lifecycle?: { abortIncompleteUploadDays?: number } };

export type S3Config = {
  /** Holds the objects' files and their index. */
  folder: string;
  now: () => number;
};

const DAY_MS = 86_400_000;

/** S3 over its REST protocol in path style, on files. The newest version of an object only. */
export class S3Service implements Service {
  readonly #store: ObjectStore;
  readonly #buckets = new Map<string, BucketDefinition>();

  constructor(config: S3Config) {
    this.#store = new ObjectStore(config.folder, config.now);
  }

  /** Idempotent: a bucket keeps the objects of an earlier start. */
  createBucket(definition: BucketDefinition): { arn: string } {
    this.#buckets.set(definition.name, definition);
    return { arn: `arn:aws:s3:::${definition.name}` };
  }

  /** In process: stores an object, as an asset deployment does. `headers` such as `content-type`, lower case. */
  async putObject(bucket: string, key: string, data: Buffer, headers: Record<string, string>): Promise<void> {
    const object = { bucket, key, data, size: data.length, etag: md5Hex(data), headers, tags: '' };
    await this.#store.put(object, () => undefined);
  }

  /** What AWS does once a day: aborts uploads that were never completed. */
  async applyLifecycle(): Promise<void> {
    for (const { name, lifecycle } of this.#buckets.values()) {
      const days = lifecycle?.abortIncompleteUploadDays;
      if (days !== undefined) await abortStaleUploads(this.#store, name, this.#store.now() - days * DAY_MS);
    }
  }

  operation(call: Call): S3Operation {
    return s3Operation(call);
  }

  permissions(call: Call): Permission[] {
    return s3Permissions(call);
  }

  /**
   * The right whose absence turns the 404 of a missing object into 403, as on AWS: who may not list does not learn what
   * there is. Undefined for calls that do not read an object.
   */
  permissionToLearnAbsence(call: Call): Permission | undefined {
    const operation = s3Operation(call);
    if (operation !== 'GetObject' && operation !== 'HeadObject') return undefined;
    return { action: 's3:ListBucket', resource: `arn:aws:s3:::${targetOf(call.path).bucket}` };
  }

  async answer(call: Call): Promise<Answer> {
    const operation = s3Operation(call);
    const target = targetOf(call.path);
    this.#check(target.bucket);
    if (operation === 'CopyObject') this.#check(copySource(call).bucket);
    return await this.#act(operation, call);
  }

  async close(): Promise<void> {
    this.#store.index.close();
  }

  #check(bucket: string): void {
    if (!this.#buckets.has(bucket)) throw new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist');
  }

  async #act(operation: S3Operation, call: Call): Promise<Answer> {
    const target = targetOf(call.path);
    const store = this.#store;
    switch (operation) {
      case 'HeadBucket':
        return { status: 200, headers: {}, body: '' };
      case 'ListObjectsV2':
        return listObjects(store.index, target.bucket, call);
      case 'GetObject':
      case 'HeadObject':
        return await readObject(store, target, call);
      case 'PutObject':
        return await putObject(store, target, call);
      case 'CopyObject':
        return await copyObject(store, target, call);
      case 'DeleteObject':
        return await deleteObject(store, target, call);
      case 'DeleteObjects':
        return await deleteObjects(store, target, call);
      case 'PutObjectTagging':
        return putTagging(store, target, call);
      case 'GetObjectTagging':
        return getTagging(store, target);
      case 'CreateMultipartUpload':
        return beginUpload(store, target, call);
      case 'UploadPart':
        return await putPart(store, target, call);
      case 'CompleteMultipartUpload':
        return await completeUpload(store, target, call);
      case 'AbortMultipartUpload':
        return await abortUpload(store, target, call);
      case 'ListParts':
        return listParts(store, target, call);
    }
  }
}
