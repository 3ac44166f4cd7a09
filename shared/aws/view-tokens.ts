import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { ViewLink, ViewLinks } from '../access/view-link.ts';
import type { JobStore } from '../jobs/ports.ts';
import type { Job } from '../model/job.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { viewKeyKey } from './catalog-keys.ts';

const StoredKey = z.object({ key: z.string() });
const KEY_BYTES = 32;
const TOKEN = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{64})$/;

/** Both kinds sign other words. The time of making is in them, so that a link does not show a later job of the same id. */
const markOf = (key: Buffer, job: Job, isPublic: boolean): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([isPublic ? 'public_view_token' : 'view_token', job.id, job.created_at]))
    .digest();

/** Links to jobs: `<job id>.<hex HMAC-SHA256>` under a random key of the workspace, which is made when first needed. */
export class ViewTokens implements ViewLinks {
  readonly #at: CatalogTable;
  readonly #jobs: Pick<JobStore, 'get'>;

  constructor(db: DynamoDBClient, table: string, jobs: Pick<JobStore, 'get'>) {
    this.#at = { db, table };
    this.#jobs = jobs;
  }

  /** A link to a job that whoever asks for it may see; the same link each time. */
  async make(job: Job, isPublic: boolean): Promise<string> {
    const key = (await this.#key(job.workspace)) ?? (await this.#newKey(job.workspace));
    return `${job.id}.${markOf(key, job, isPublic).toString('hex')}`;
  }

  async check(workspace: string, token: string): Promise<ViewLink | undefined> {
    const [, id, hex] = TOKEN.exec(token) ?? [];
    if (id === undefined || hex === undefined) return undefined;
    const [key, job] = await Promise.all([this.#key(workspace), this.#jobs.get({ workspace, id })]);
    if (key === undefined || job === undefined) return undefined;
    const given = Buffer.from(hex, 'hex');
    const kind = [false, true].find((isPublic) => timingSafeEqual(given, markOf(key, job, isPublic)));
    return kind === undefined ? undefined : { job: id, public: kind };
  }

  async #key(workspace: string): Promise<Buffer | undefined> {
    const stored = await readItem(this.#at, viewKeyKey(workspace), StoredKey, true);
    return stored === undefined ? undefined : Buffer.from(stored.key, 'base64url');
  }

  /** Whoever puts it first has made it: links that two environments made at once are of one key. */
  async #newKey(workspace: string): Promise<Buffer> {
    const made = randomBytes(KEY_BYTES);
    const { db, table: TableName } = this.#at;
    const Item = catalogItem(viewKeyKey(workspace), { key: made.toString('base64url') });
    try {
      await db.send(new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }));
      return made;
    } catch (error) {
      const theirs = error instanceof ConditionalCheckFailedException ? await this.#key(workspace) : undefined;
      if (theirs === undefined) throw error;
      return theirs;
    }
  }
}
