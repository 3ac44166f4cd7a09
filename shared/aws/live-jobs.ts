import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Job } from '../model/job.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';
import { readJobs } from './job-batch.ts';
import { dueKey, LIVE_INDEX } from './job-keys.ts';

/** Rows of a page: as many jobs as one BatchGetItem reads. */
const BATCH = 100;
/** Of one span the reaper looks at no more jobs than this. */
const MOST_OF_SPAN = 2_000;
/** Rows searched for tags at once: DynamoDB ends a page at 1 MB anyway. */
const SEARCHED = 500;
/** Sorts behind every id of its millisecond. */
const LAST = '~';

/** Reads over the `live` index for the reaper: what should be on its way by now. */
export class LiveJobs {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #workspaces: WorkspaceCatalog;

  constructor(db: DynamoDBClient, tables: { jobs: string; catalog: string }) {
    this.#db = db;
    this.#table = tables.jobs;
    this.#workspaces = new WorkspaceCatalog(db, tables.catalog);
  }

  /** Each workspace with the due time of its oldest live job; those without one are left out. */
  async *oldest(): AsyncIterable<{ workspace: string; due: number }> {
    for (const { id: workspace } of await this.#workspaces.list()) {
      const { Items } = await this.#db.send(
        new QueryCommand({ ...this.#live(workspace, { from: '', to: LAST }), Limit: 1 }),
      );
      const due = Items?.[0]?.due?.S;
      if (due !== undefined) yield { workspace, due: Number(due.split('#')[0]) };
    }
  }

  /** The live jobs of a workspace that were due in a span, as they are now; at most 2,000. */
  async *within(workspace: string, span: { from: number; to: number }): AsyncIterable<Job> {
    const bounds = { from: dueKey(span.from, LAST), to: dueKey(span.to, LAST) };
    let next: Record<string, AttributeValue> | undefined;
    let seen = 0;
    do {
      const { Items, LastEvaluatedKey } = await this.#db.send(
        new QueryCommand({ ...this.#live(workspace, bounds), Limit: BATCH, ExclusiveStartKey: next }),
      );
      const ids = (Items ?? []).flatMap((item) => item.id?.S ?? []);
      if (ids.length > 0) yield* await this.#batch(workspace, ids);
      seen += ids.length;
      next = LastEvaluatedKey;
    } while (next !== undefined && seen < MOST_OF_SPAN);
  }

  /**
   * The live jobs of these tags, as they are now, in a stretch of at most 500 rows behind the due key `after` ('': from the
   * first); `after` undefined in the answer: that was the last stretch.
   */
  async ofTags(
    workspace: string,
    tags: readonly string[],
    after: string,
  ): Promise<{ jobs: Job[]; after: string | undefined }> {
    const names = tags.map((_, index) => `:tag${index}`);
    const { ExpressionAttributeValues, ...live } = this.#live(workspace, { from: `${after} `, to: LAST });
    const { Items, LastEvaluatedKey } = await this.#db.send(
      new QueryCommand({
        ...live,
        FilterExpression: `tag IN (${names.join(', ')})`,
        ExpressionAttributeValues: {
          ...ExpressionAttributeValues,
          ...Object.fromEntries(tags.map((tag, index) => [`:tag${index}`, { S: tag }])),
        },
        Limit: SEARCHED,
      }),
    );
    const ids = (Items ?? []).flatMap((item) => item.id?.S ?? []);
    return { jobs: await this.#batch(workspace, ids), after: LastEvaluatedKey?.due?.S };
  }

  #live(workspace: string, { from, to }: { from: string; to: string }) {
    return {
      TableName: this.#table,
      IndexName: LIVE_INDEX,
      KeyConditionExpression: 'live = :workspace AND due BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':workspace': { S: workspace }, ':from': { S: from || '0' }, ':to': { S: to } },
      ProjectionExpression: 'id, due',
    };
  }

  #batch(workspace: string, ids: string[]): Promise<Job[]> {
    return readJobs({ db: this.#db, table: this.#table, consistent: true }, workspace, ids);
  }
}
