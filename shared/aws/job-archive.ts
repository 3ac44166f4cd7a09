import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { JobArchive, PayloadStore } from '../jobs/payload-ports.ts';
import { exportedJob } from '../model/exported-job.ts';
import type { Job, Payload } from '../model/job.ts';
import { withRawFields } from '../model/job-view.ts';
import { logLength, partsFrom } from '../model/log-pages.ts';
import { archivedJob } from './job-keys.ts';
import { LogReads } from './log-reads.ts';
import { AwsPayloadStore } from './payload-store.ts';

/** A value larger than this is kept as an object beside the line, which names it. */
const INLINE_BYTES = 1_000_000;
/** Of a longer log the line holds the end. */
const LOG_CHARS = 1_000_000;

/** Completed jobs as JSON lines in the bucket, one object each: `archive/<workspace>/dt=<day of its end>/<id>.jsonl`. */
export class S3JobArchive implements JobArchive {
  readonly #bucket: string;
  readonly #payloads: PayloadStore;
  readonly #logs: LogReads;

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#bucket = bucket;
    this.#payloads = new AwsPayloadStore(db, table, bucket);
    this.#logs = new LogReads(db, table, bucket);
  }

  /**
   * The object is looked for first: after it was written, parts of the job may be gone already, and a second line would
   * lack them.
   */
  async keep(job: Job): Promise<void> {
    const Key = archivedJob(job, job.completed_at ?? job.created_at);
    if (await this.#exists(Key)) return;
    const [args, result, code, logs] = await Promise.all([
      this.#field(job, 'args', job.args, Key),
      this.#field(job, 'result', job.result, Key),
      this.#field(job, 'raw_code', job.code, Key),
      this.#logEnd(job),
    ]);
    const line = withRawFields(exportedJob(job), { ...args, ...result, ...code, logs: JSON.stringify(logs) });
    const { PutObjectCommand, s3Client } = await import('./s3.ts');
    const Body = `${line.replaceAll(/[\r\n]/g, ' ')}\n`;
    await s3Client().send(
      new PutObjectCommand({ Bucket: this.#bucket, Key, Body, ContentType: 'application/x-ndjson' }),
    );
  }

  /** The value itself (code as JSON text), or where its copy lies. */
  async #field(
    job: Job,
    name: 'args' | 'result' | 'raw_code',
    payload: Payload | undefined,
    line: string,
  ): Promise<Record<string, string>> {
    if (payload === undefined) return {};
    if (payload.at === 'object' && payload.bytes > INLINE_BYTES) {
      const Key = `${line.replace(/\.jsonl$/, '')}/${name}`;
      const { CopyObjectCommand, s3Client } = await import('./s3.ts');
      const CopySource = `${this.#bucket}/${payload.key.split('/').map(encodeURIComponent).join('/')}`;
      await s3Client().send(new CopyObjectCommand({ Bucket: this.#bucket, Key, CopySource }));
      return { [`${name}_object`]: JSON.stringify(Key) };
    }
    const text = await this.#payloads.get(job, payload);
    return { [name]: name === 'raw_code' ? JSON.stringify(text) : text };
  }

  async #logEnd(job: Job): Promise<string> {
    const parts = await this.#logs.parts(job);
    const texts: string[] = [];
    for await (const text of this.#logs.text(partsFrom(parts, logLength(parts) - LOG_CHARS))) texts.push(text);
    return texts.join('');
  }

  /** S3 answers 403 instead of 404 to whoever may not list. */
  async #exists(Key: string): Promise<boolean> {
    const { HeadObjectCommand, S3ServiceException, s3Client } = await import('./s3.ts');
    try {
      await s3Client().send(new HeadObjectCommand({ Bucket: this.#bucket, Key }));
      return true;
    } catch (error) {
      const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
      if (status === 403 || status === 404) return false;
      throw error;
    }
  }
}
