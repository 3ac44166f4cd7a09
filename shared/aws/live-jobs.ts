import { BatchGetItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Job } from '../model/job.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';
import { fromItem } from './job-item.ts';
import { dueKey, jobKey, LIVE_INDEX } from './job-keys.ts';

/** Of each workspace the reaper looks at no more than this many overdue jobs a minute. */
const PER_WORKSPACE = 200;
/** DynamoDB's limit for one BatchGetItem. */
const BATCH = 100;

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

  async *overdue(before: number): AsyncIterable<Job> {
    for (const workspace of await this.#workspaces.list()) {
      const { Items } = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: LIVE_INDEX,
          KeyConditionExpression: 'live = :workspace AND due < :before',
          ExpressionAttributeValues: { ':workspace': { S: workspace.id }, ':before': { S: dueKey(before, '') } },
          ProjectionExpression: 'id',
          Limit: PER_WORKSPACE,
        }),
      );
      const ids = (Items ?? []).flatMap((item) => item.id?.S ?? []);
      for (let from = 0; from < ids.length; from += BATCH) {
        yield* await this.#batch(workspace.id, ids.slice(from, from + BATCH));
      }
    }
  }

  async #batch(workspace: string, ids: string[]): Promise<Job[]> {
    const Keys = ids.map((id) => marshall(jobKey({ workspace, id })));
    const { Responses } = await this.#db.send(
      new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys, ConsistentRead: true } } }),
    );
    return (Responses?.[this.#table] ?? []).map(fromItem);
  }
}
