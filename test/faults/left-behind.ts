import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Millrace } from '../system/millrace.ts';

/** An item of the jobs table in plain JSON, as far as tests look at it. */
export type Item = { pk: string; sk: string } & Record<string, unknown>;

type Typed = { S?: string; N?: string; BOOL?: boolean; M?: Record<string, Typed>; L?: Typed[] };
const plain = (typed: Typed): unknown => {
  if (typed.N !== undefined) return Number(typed.N);
  if (typed.M !== undefined)
    return Object.fromEntries(Object.entries(typed.M).map(([name, value]) => [name, plain(value)]));
  if (typed.L !== undefined) return typed.L.map(plain);
  return typed.S ?? typed.BOOL ?? null;
};

const isOver = (job: Item): boolean =>
  job.status !== 'queued' && job.status !== 'running' && job.followups === undefined && job.live === undefined;

/** What lies in the stores of a local cloud, read from its files: no call of a function or of the gateway is made for it. */
export class LeftBehind {
  readonly #millrace: Millrace;
  readonly #table: DatabaseSync;
  readonly #name: string;
  readonly #schedules: DatabaseSync;
  readonly #objects: DatabaseSync;

  constructor(millrace: Millrace) {
    this.#millrace = millrace;
    const open = (file: string) => new DatabaseSync(join(millrace.home, file), { readOnly: true });
    this.#table = open('dynamodb/dynamodb.db');
    this.#schedules = open('scheduler.db');
    this.#objects = open('s3/index.db');
    const rows = this.#table.prepare("SELECT table_name AS name FROM _tables WHERE ttl_attribute = 'expires'").all();
    this.#name = (rows as { name: string }[])[0]?.name ?? '';
  }

  close(): void {
    for (const database of [this.#table, this.#schedules, this.#objects]) database.close();
  }

  /** All items of the jobs table, or those of one partition. */
  items(partition?: string): Item[] {
    const where = partition === undefined ? '' : 'WHERE pk = ?';
    const rows = this.#table
      .prepare(`SELECT item_json AS item FROM "${this.#name}" ${where}`)
      .all(...(partition === undefined ? [] : [`S:${partition}`]));
    return (rows as { item: string }[]).map(({ item }) => plain({ M: JSON.parse(item) }) as Item);
  }

  job(id: string, workspace = 'demo'): Item | undefined {
    return this.items(`${workspace}#${id}`).find(({ sk }) => sk === 'job');
  }

  /** Jobs that are not wholly over: live, or owing. */
  unfinished(): Item[] {
    return this.items().filter((item) => item.sk === 'job' && !isOver(item));
  }

  /** Messages in any queue, whatever their state. */
  messages(): { visible: number; hidden: number } {
    const all = this.#millrace.cloud.sqs.names().map((name) => this.#millrace.cloud.sqs.counts(name));
    return {
      visible: all.reduce((sum, { visible }) => sum + visible, 0),
      hidden: all.reduce((sum, { delayed, inFlight }) => sum + delayed + inFlight, 0),
    };
  }

  /** One-shot schedules: what the template makes is no job's. */
  schedules(): string[] {
    const rows = this.#schedules.prepare("SELECT name, definition FROM schedules WHERE definition LIKE '%at(%'").all();
    return (rows as { name: string }[]).map(({ name }) => name);
  }

  #keys(): string[] {
    const rows = this.#objects.prepare("SELECT key FROM objects WHERE key LIKE 'jobs/%'").all();
    return (rows as { key: string }[]).map(({ key }) => key);
  }

  /** S3 objects of jobs that are not there: what the daily reconcile finds. */
  orphans(): string[] {
    const jobs = new Set(this.items().flatMap(({ pk, sk }) => (sk === 'job' ? [pk] : [])));
    return this.#keys().filter((key) => {
      const [, workspace = '', id = ''] = key.split('/');
      return !jobs.has(`${workspace}#${id}`);
    });
  }

  /** Everything that should not outlive its job, one line each. */
  leftovers(): string[] {
    const items = this.items();
    const jobs = new Set(items.flatMap(({ pk, sk }) => (sk === 'job' ? [pk] : [])));
    const left = items.flatMap((item) => {
      const { pk, sk } = item;
      if (sk === 'job') return isOver(item) ? [] : [`job ${JSON.stringify(item)}`];
      if (jobs.has(pk) || pk === 'upkeep') return [];
      // They go by their time to live; none holds anything back.
      if (pk.includes('#cached#') || sk === 'line' || (sk.startsWith('slot#') && item.until !== undefined)) return [];
      return [`item ${JSON.stringify(item)}`];
    });
    const { visible, hidden } = this.messages();
    return [
      ...left,
      ...(visible + hidden > 0 ? [`${visible} messages wait, ${hidden} are hidden`] : []),
      ...this.schedules().map((name) => `schedule ${name}`),
    ];
  }
}
