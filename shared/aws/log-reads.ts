import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { LogReader } from '../jobs/payload-ports.ts';
import { type Job, streamsNow } from '../model/job.ts';
import { LogPage, type LogPart, logParts } from '../model/log-pages.ts';
import { charCount, fromChar } from '../model/text.ts';
import { jobPartition, pagePrefix } from './job-keys.ts';

/** Logs and streams as readers see them: pages beside the job and objects in S3, as one text. */
export class LogReads implements LogReader {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bucket: string;

  constructor(db: DynamoDBClient, table: string, bucket: string) {
    this.#db = db;
    this.#table = table;
    this.#bucket = bucket;
  }

  /** Which parts the log has now. Holds no text of parts in S3. */
  async parts(job: Job): Promise<LogPart[]> {
    // A short log is in the job's item as a whole.
    if (job.log_tail?.start === 0) return logParts([], { attempt: job.attempt, tail: job.log_tail });
    const pages = await this.#pages(job, pagePrefix('log'));
    return logParts(pages, { attempt: job.attempt, tail: job.log_tail });
  }

  async streamParts(job: Job): Promise<LogPart[]> {
    if (!streamsNow(job)) return [];
    const pages = await this.#pages(job, pagePrefix('stream', job.attempt));
    return logParts(pages, { attempt: job.attempt, tail: undefined });
  }

  /** The text of these parts, piece by piece: memory is bounded by one piece, however long the log. */
  async *text(parts: LogPart[]): AsyncIterable<string> {
    for (const part of parts) {
      if (part.page.object === undefined) yield* slice([part.page.text ?? ''], part);
      else yield* slice(this.#object(part.page.object), part);
    }
  }

  async #pages(job: Job, prefix: string): Promise<LogPage[]> {
    const pages: LogPage[] = [];
    const query = {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :pages)',
      ExpressionAttributeValues: { ':pk': { S: jobPartition(job) }, ':pages': { S: prefix } },
      ConsistentRead: true,
    };
    for await (const page of paginateQuery({ client: this.#db }, query)) {
      for (const item of page.Items ?? []) pages.push(LogPage.parse(unmarshall(item)));
    }
    return pages;
  }

  async *#object(key: string): AsyncIterable<string> {
    const { GetObjectCommand, s3Client } = await import('./s3.ts');
    const { Body } = await s3Client().send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    if (Body === undefined) throw new Error('a part of a log has no body');
    const decoder = new TextDecoder();
    for await (const bytes of Body.transformToWebStream()) yield decoder.decode(bytes, { stream: true });
  }
}

/** `take` characters after the first `skip`. */
async function* slice(
  pieces: AsyncIterable<string> | Iterable<string>,
  { skip, take }: Pick<LogPart, 'skip' | 'take'>,
): AsyncIterable<string> {
  let at = 0;
  for await (const piece of pieces) {
    const chars = charCount(piece);
    const from = Math.max(0, skip - at);
    const until = Math.min(chars, skip + take - at);
    if (until > from) yield until === chars ? fromChar(piece, from) : [...piece].slice(from, until).join('');
    at += chars;
    if (at >= skip + take) return;
  }
}
