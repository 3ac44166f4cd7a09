import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { asShown } from '../model/deletion.ts';
import type { Job } from '../model/job.ts';
import { type JobFilter, type JobRow, jobFits, needsOnlyRows, rowFits } from '../model/job-filter.ts';
import { isExpired } from '../model/retention.ts';
import { readJobs } from './job-batch.ts';
import { PATH_INDEX, RUNS_INDEX } from './job-keys.ts';
import { readRows, type Source, sourcesFor } from './job-rows.ts';

/** Of each source a list reads at most this many query pages, unless asked for more; then it answers what it found. */
const MAX_ROUNDS = 4;
/** Jobs read at once: what one BatchGetItem takes. */
const BATCH = 100;
/** Rows of a query page where rows or jobs must be searched: DynamoDB ends a page at 1 MB anyway. */
const SEARCH_ROWS = 1_000;

/** `by` due: the order in which workers should take jobs, for lists of the queue alone. */
type Place = {
  filter: JobFilter;
  by: 'creation' | 'due';
  page: number;
  perPage: number;
  oldestFirst: boolean;
  rounds?: number;
};

type Stream = {
  source: Source;
  next: Record<string, AttributeValue> | undefined;
  done: boolean;
  /** Where this source's rows are read up to, as [created_at, id]. */
  reached: JobRow | undefined;
};

/** Lists of jobs: rows of the indexes merged by creation time, then the jobs themselves. */
export class JobReads {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #now: () => number;

  constructor(db: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#db = db;
    this.#table = table;
    this.#now = now;
  }

  /**
   * One page of a workspace's jobs by creation or due time, newest first unless `oldestFirst`. A search that finds little reads
   * at most 4 query pages of each source, and then answers what it found.
   */
  async list(workspace: string, place: Place): Promise<Job[]> {
    const { filter, oldestFirst, rounds = MAX_ROUNDS } = place;
    const wanted = place.page * place.perPage;
    const streams: Stream[] = sourcesFor(workspace, filter).map((source) => ({
      source,
      next: undefined,
      done: false,
      reached: undefined,
    }));
    const first = place.by === 'due' ? byDue : byCreation;
    const order = oldestFirst ? first : (a: JobRow, b: JobRow): number => first(b, a);
    const skippable = needsOnlyRows(filter) ? wanted - place.perPage : 0;
    const found: Job[] = [];
    let skipped = 0;
    let pending: JobRow[] = [];
    for (let round = 0; round < rounds && streams.some((stream) => !stream.done); round += 1) {
      pending.push(...(await this.#round(streams, place, wanted - found.length - skipped)));
      pending.sort(order);
      const { settled, rest } = split(pending, streams, round === rounds - 1 || place.by === 'due', order);
      pending = rest;
      const skip = Math.min(settled.length, skippable - skipped);
      skipped += skip;
      await this.#take(workspace, settled.slice(skip), filter, found, wanted - skipped);
      if (found.length + skipped >= wanted) break;
    }
    return found.slice(wanted - place.perPage - skipped, wanted - skipped);
  }

  /** Jobs by id, as far as they exist and are not expired, in no order. */
  async jobs(workspace: string, ids: readonly string[]): Promise<Job[]> {
    const read = await readJobs({ db: this.#db, table: this.#table, consistent: false }, workspace, ids);
    return read.filter((job) => !isExpired(job, this.#now())).map((job) => asShown(job, this.#now()));
  }

  async #round(streams: Stream[], { filter, oldestFirst }: Place, missing: number): Promise<JobRow[]> {
    const pages = await Promise.all(
      streams.map(async (stream) => {
        if (stream.done) return [];
        const limit = isUnsearched(filter, stream.source) ? Math.min(missing, SEARCH_ROWS) : SEARCH_ROWS;
        const at = { db: this.#db, table: this.#table };
        const page = await readRows(at, stream.source, filter, { limit, oldestFirst, from: stream.next });
        stream.next = page.next;
        stream.done = page.next === undefined;
        stream.reached = page.rows.at(-1) ?? stream.reached;
        return page.rows.filter((row) => rowFits(filter, row));
      }),
    );
    return pages.flat();
  }

  async #take(workspace: string, rows: JobRow[], filter: JobFilter, found: Job[], wanted: number): Promise<void> {
    for (let from = 0; from < rows.length && found.length < wanted; from += BATCH) {
      const most = needsOnlyRows(filter) ? Math.min(BATCH, wanted - found.length) : BATCH;
      const ids = rows.slice(from, from + most).map((row) => row.id);
      const jobs = new Map((await this.jobs(workspace, ids)).map((job) => [job.id, job]));
      for (const id of ids) {
        const job = jobs.get(id);
        if (job !== undefined && jobFits(filter, job)) found.push(job);
      }
    }
  }
}

const byCreation = (a: JobRow, b: JobRow): number => a.created_at - b.created_at || (a.id < b.id ? -1 : 1);

const byDue = (a: JobRow, b: JobRow): number => a.scheduled_for - b.scheduled_for || (a.id < b.id ? -1 : 1);

/** What a source's own key answers of a filter. */
const ANSWERED_BY_KEY: Record<string, (keyof JobFilter)[]> = {
  [RUNS_INDEX]: ['kinds', 'createdBefore', 'createdAfter'],
  [PATH_INDEX]: ['path', 'createdBefore', 'createdAfter'],
};

/** Every row of the source passes, so that exactly as many as are shown need to be read. */
const isUnsearched = (filter: JobFilter, source: Source): boolean => {
  const answered = ANSWERED_BY_KEY[source.index];
  if (answered === undefined) return false;
  const rest = { ...filter };
  for (const name of answered) delete rest[name];
  return Object.values(rest).every((value) => value === undefined);
};

/**
 * Rows that nothing still unread can come before, and the rest. The queue's rows come by due time: wanted by creation,
 * they count as settled once it is read to its end, or at the last round.
 */
const split = (
  rows: JobRow[],
  streams: Stream[],
  last: boolean,
  order: (a: JobRow, b: JobRow) => number,
): { settled: JobRow[]; rest: JobRow[] } => {
  const open = streams.filter((stream) => !stream.done);
  if (last || open.length === 0) return { settled: rows, rest: [] };
  if (open.some((stream) => stream.source.sort !== 'sort')) return { settled: [], rest: rows };
  const settled = rows.filter((row) => open.every(({ reached }) => reached !== undefined && order(row, reached) <= 0));
  return { settled, rest: rows.slice(settled.length) };
};
