import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { type Job, type JobKey, JobKind } from '../model/job.ts';
import { WorkspaceCatalog } from './catalog-workspaces.ts';
import { fromItem } from './job-item.ts';
import { jobKey, RUNS_INDEX, runsPartition, upkeepKey } from './job-keys.ts';
import { UpkeepCursor } from './upkeep-cursor.ts';

/** Jobs of a page, which is DynamoDB's limit for one BatchGetItem. */
const PAGE = 100;

const Row = z.object({
  workspace: z.object({ S: z.string() }),
  id: z.object({ S: z.string() }),
  sort: z.object({ S: z.string() }),
});
const Progress = z.object({ revision: z.number(), part: z.string().optional(), after: z.string().optional() });

/** All jobs in the order of the `runs` index, for the walk that gives them another time to live. */
export class RestampStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #workspaces: WorkspaceCatalog;
  readonly #cursor: UpkeepCursor<z.infer<typeof Progress>>;

  constructor(db: DynamoDBClient, tables: { jobs: string; catalog: string }) {
    this.#db = db;
    this.#table = tables.jobs;
    this.#workspaces = new WorkspaceCatalog(db, tables.catalog);
    this.#cursor = new UpkeepCursor(db, tables.jobs, 'restamp', Progress);
  }

  progress(): Promise<z.infer<typeof Progress> | undefined> {
    return this.#cursor.read();
  }

  /** Refused, without a word, when the walk of a later change has begun. */
  async remember(progress: z.infer<typeof Progress>): Promise<void> {
    const write = new PutItemCommand({
      TableName: this.#table,
      Item: marshall({ ...progress, ...upkeepKey('restamp') }, { removeUndefinedValues: true }),
      ConditionExpression: 'attribute_not_exists(pk) OR revision <= :revision',
      ExpressionAttributeValues: { ':revision': { N: String(progress.revision) } },
    });
    await this.#unlessRefused(() => this.#db.send(write));
  }

  async parts(): Promise<string[]> {
    const workspaces = await this.#workspaces.list();
    const parts = workspaces.flatMap(({ id }) => JobKind.options.map((kind) => runsPartition(id, kind)));
    return parts.sort((a, b) => (a < b ? -1 : 1));
  }

  async page(part: string, after: string | undefined): Promise<{ jobs: Job[]; after: string | undefined }> {
    const { Items } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: RUNS_INDEX,
        KeyConditionExpression: 'runs = :part AND #sort > :after',
        ExpressionAttributeNames: { '#sort': 'sort' },
        ExpressionAttributeValues: { ':part': { S: part }, ':after': { S: after ?? '0' } },
        Limit: PAGE,
      }),
    );
    const rows = Row.array().parse(Items ?? []);
    return {
      jobs: await this.#jobs(rows.map(({ workspace, id }) => ({ workspace: workspace.S, id: id.S }))),
      after: rows.length < PAGE ? undefined : rows.at(-1)?.sort.S,
    };
  }

  /** Refused, without a word, when the job is gone. */
  async stamp(job: Job, expires: number | undefined): Promise<void> {
    const write = new UpdateItemCommand({
      TableName: this.#table,
      Key: marshall(jobKey(job)),
      UpdateExpression: expires === undefined ? 'REMOVE #expires' : 'SET #expires = :expires',
      ConditionExpression: 'completed_at = :completed',
      ExpressionAttributeNames: { '#expires': 'expires' },
      ExpressionAttributeValues: {
        ':completed': { N: String(job.completed_at) },
        ...(expires === undefined ? {} : { ':expires': { N: String(expires) } }),
      },
    });
    await this.#unlessRefused(() => this.#db.send(write));
  }

  async #jobs(all: JobKey[]): Promise<Job[]> {
    const found: Job[] = [];
    let keys = all.map((key) => marshall(jobKey(key)));
    while (keys.length > 0) {
      const { Responses, UnprocessedKeys } = await this.#db.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys } } }),
      );
      found.push(...(Responses?.[this.#table] ?? []).map(fromItem));
      keys = UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return found;
  }

  async #unlessRefused(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
