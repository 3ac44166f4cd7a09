import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { JobKind } from '../model/job.ts';
import { dueKey, FAILED_INDEX, LIVE_INDEX, RUNS_INDEX, runsPartition, sortKey } from './job-keys.ts';
import { JobReads } from './job-reads.ts';

/** No count goes further: whoever sees this number reads "at least". */
const COUNT_CAP = 10_000;
/** With so few jobs due, those that already run are told apart; with more, the few that run do not matter. */
const TELL_APART = 100;

const Ids = z.array(z.object({ id: z.object({ S: z.string() }) }));

type Range = {
  index: string;
  partition: string;
  value: string;
  sort: string;
  from?: string;
  to?: string;
  tags?: string[];
  /** Only jobs made since then, where the sort key is another time. */
  madeSince?: number;
};

/** Counts of jobs, all capped at 10,000. */
export class JobCounts {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  /** Jobs that are due before `before` and do not run yet. Of more than 100, running ones are counted too. */
  async waiting(workspace: string, before: number, tags?: string[]): Promise<number> {
    const range = { ...this.#live(workspace), to: dueKey(before, ''), ...(tags === undefined ? {} : { tags }) };
    const count = await this.#count(range);
    if (count === 0 || count > TELL_APART) return count;
    const jobs = await new JobReads(this.#db, this.#table).jobs(workspace, await this.#ids(range));
    return jobs.filter((job) => job.status === 'queued').length;
  }

  /** Completed jobs made after `since` (milliseconds since 1970), all or only (un)successful ones. */
  async completed(workspace: string, since: number, only: { success?: boolean; tags?: string[] }): Promise<number> {
    const from = sortKey(since, '');
    const tags = only.tags === undefined ? {} : { tags: only.tags };
    const failed = { index: FAILED_INDEX, partition: 'failed', value: workspace, sort: 'sort', from, ...tags };
    if (only.success === false) return this.#count(failed);
    const made = JobKind.options.map((kind) =>
      this.#count({
        index: RUNS_INDEX,
        partition: 'runs',
        value: runsPartition(workspace, kind),
        sort: 'sort',
        from,
        ...tags,
      }),
    );
    const [live, unsuccessful, ...byKind] = await Promise.all([
      this.#count({ ...this.#live(workspace), ...tags, madeSince: since }),
      only.success === true ? this.#count(failed) : 0,
      ...made,
    ]);
    const all = byKind.reduce((sum, count) => sum + count, 0);
    return Math.min(COUNT_CAP, Math.max(0, all - live - unsuccessful));
  }

  /** Completed jobs made since then, by tag. Of more than 10,000 jobs of a kind the oldest. */
  async byTag(workspace: string, since: number): Promise<Map<string, number>> {
    const from = sortKey(since, '');
    const runs = { index: RUNS_INDEX, partition: 'runs', sort: 'sort', from };
    const [live, ...made] = await Promise.all([
      this.#tags({ ...this.#live(workspace), madeSince: since }),
      ...JobKind.options.map((kind) => this.#tags({ ...runs, value: runsPartition(workspace, kind) })),
    ]);
    const counts = new Map<string, number>();
    for (const tag of made.flat()) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    for (const tag of live) counts.set(tag, (counts.get(tag) ?? 0) - 1);
    return new Map([...counts].filter(([, count]) => count > 0));
  }

  /** The tag of each job of a range, at most 10,000. */
  async #tags(range: Range): Promise<string[]> {
    const tags: string[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const { Items, LastEvaluatedKey } = await this.#db.send(
        new QueryCommand({ ...this.#query(range), ProjectionExpression: 'tag', ExclusiveStartKey: from }),
      );
      tags.push(...(Items ?? []).flatMap((item) => item.tag?.S ?? []));
      from = LastEvaluatedKey;
    } while (from !== undefined && tags.length < COUNT_CAP);
    return tags.slice(0, COUNT_CAP);
  }

  #live(workspace: string): Range {
    return { index: LIVE_INDEX, partition: 'live', value: workspace, sort: 'due' };
  }

  async #count(range: Range): Promise<number> {
    let count = 0;
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#db.send(
        new QueryCommand({ ...this.#query(range), Select: 'COUNT', ExclusiveStartKey: from }),
      );
      count += page.Count ?? 0;
      from = page.LastEvaluatedKey;
    } while (from !== undefined && count < COUNT_CAP);
    return Math.min(COUNT_CAP, count);
  }

  async #ids(range: Range): Promise<string[]> {
    const { Items } = await this.#db.send(new QueryCommand({ ...this.#query(range), ProjectionExpression: 'id' }));
    return Ids.parse(Items ?? []).map((item) => item.id.S);
  }

  #query(range: Range) {
    const tags = range.tags ?? [];
    const bounds = [
      ...(range.from === undefined ? [] : ['#sort >= :from']),
      ...(range.to === undefined ? [] : ['#sort < :to']),
    ];
    const filters = [
      ...(tags.length === 0 ? [] : [`tag IN (${tags.map((_, index) => `:tag${index}`).join(', ')})`]),
      ...(range.madeSince ? ['created_at >= :made'] : []),
    ];
    return {
      TableName: this.#table,
      IndexName: range.index,
      KeyConditionExpression: ['#partition = :partition', ...bounds].join(' AND '),
      ...(filters.length === 0 ? {} : { FilterExpression: filters.join(' AND ') }),
      ExpressionAttributeNames: {
        '#partition': range.partition,
        ...(bounds.length === 0 ? {} : { '#sort': range.sort }),
      },
      ExpressionAttributeValues: {
        ':partition': { S: range.value },
        ...(range.madeSince ? { ':made': { N: String(range.madeSince) } } : {}),
        ...(range.from === undefined ? {} : { ':from': { S: range.from } }),
        ...(range.to === undefined ? {} : { ':to': { S: range.to } }),
        ...Object.fromEntries(tags.map((tag, index) => [`:tag${index}`, { S: tag }])),
      },
    };
  }
}
