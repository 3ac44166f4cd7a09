import { BatchGetItemCommand, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { type JobKey, JobStatus } from '../model/job.ts';
import { type DueJob, loadsOf, type TagLoad } from '../model/tag-load.ts';
import type { WorkspaceCatalog } from './catalog-workspaces.ts';
import { dueKey, jobKey, jobPartition, LIVE_INDEX } from './job-keys.ts';

/** Due jobs that are looked at, of all workspaces together. */
const MOST_ROWS = 10_000;
/** Jobs that are told apart by status: those due first, and those due last, which may be synchronous runs. */
const FIRST = 800;
const LAST = 200;
/** Workspaces asked at the same time. */
const AT_ONCE = 10;
/** DynamoDB's limit for one BatchGetItem. */
const BATCH = 100;

const Row = z.object({ workspace: z.string(), id: z.string(), tag: z.string(), scheduled_for: z.number() });
const Item = z.object({ pk: z.string(), status: JobStatus });

/**
 * How the tags of the whole instance are loaded, from the rows of live jobs: a queue service knows messages, not how long the
 * first job waits, and nothing of a tag that no group serves. At most 10,000 rows; of more than 1,000, those in between count
 * as waiting.
 */
export class QueueLoads {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #workspaces: Pick<WorkspaceCatalog, 'list'>;

  constructor(db: DynamoDBClient, table: string, workspaces: Pick<WorkspaceCatalog, 'list'>) {
    this.#db = db;
    this.#table = table;
    this.#workspaces = workspaces;
  }

  async read(now: number): Promise<Map<string, TagLoad>> {
    const rows = await this.#due(now);
    const looked = rows.length <= FIRST + LAST ? rows : [...rows.slice(0, FIRST), ...rows.slice(-LAST)];
    const statuses = await this.#statuses(looked);
    const told = new Set(looked);
    const jobs = rows.flatMap((row): DueJob[] => {
      const status = told.has(row) ? statuses.get(jobPartition(row)) : 'queued';
      return status === 'queued' || status === 'running' ? [{ ...row, status }] : [];
    });
    return loadsOf(jobs, now);
  }

  /** The rows that are due, of all workspaces, first due first. */
  async #due(now: number): Promise<z.infer<typeof Row>[]> {
    const rest = (await this.#workspaces.list()).values();
    const rows: z.infer<typeof Row>[] = [];
    const work = async (): Promise<void> => {
      for (const { id } of rest) await this.#dueIn(id, now, rows);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return rows.sort((a, b) => a.scheduled_for - b.scheduled_for).slice(0, MOST_ROWS);
  }

  async #dueIn(workspace: string, now: number, rows: z.infer<typeof Row>[]): Promise<void> {
    let after = '0';
    while (rows.length < MOST_ROWS) {
      const { Items, LastEvaluatedKey } = await this.#db.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: LIVE_INDEX,
          KeyConditionExpression: 'live = :workspace AND due BETWEEN :after AND :now',
          ExpressionAttributeValues: marshall({
            ':workspace': workspace,
            ':after': after,
            ':now': dueKey(now, '~'),
          }),
        }),
      );
      rows.push(...(Items ?? []).map((item) => Row.parse(unmarshall(item))));
      const last = LastEvaluatedKey?.due?.S;
      if (last === undefined) return;
      after = `${last} `;
    }
  }

  async #statuses(keys: JobKey[]): Promise<Map<string, JobStatus>> {
    const found = new Map<string, JobStatus>();
    let rest = keys.map((key) => marshall(jobKey(key)));
    while (rest.length > 0) {
      const { Responses, UnprocessedKeys } = await this.#db.send(
        new BatchGetItemCommand({
          RequestItems: {
            [this.#table]: {
              Keys: rest.slice(0, BATCH),
              ProjectionExpression: 'pk, #status',
              ExpressionAttributeNames: { '#status': 'status' },
            },
          },
        }),
      );
      for (const item of Responses?.[this.#table] ?? []) {
        const { pk, status } = Item.parse(unmarshall(item));
        found.set(pk, status);
      }
      rest = [...(UnprocessedKeys?.[this.#table]?.Keys ?? []), ...rest.slice(BATCH)];
    }
    return found;
  }
}
