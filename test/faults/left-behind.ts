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

/** Ended, and owing nothing any more. */
export const isOver = (job: Item): boolean =>
  job.status !== 'queued' && job.status !== 'running' && job.followups === undefined && job.live === undefined;

/** Only spares the reading of what is over: among thousands of jobs few are not. */
const MAY_BE_UNFINISHED = `(${['live', 'followups', 'queued', 'running'].map((word) => `instr(item_json, '"${word}"')`).join(' OR ')})`;

/** What lies in the stores of a local cloud, read from its files: no call of a function or of the gateway is made for it. */
export class LeftBehind {
  readonly #millrace: Millrace;
  readonly #table: DatabaseSync;
  readonly #name: string;
  readonly #schedules: DatabaseSync;
  readonly #objects: DatabaseSync;
  readonly #messages: DatabaseSync;

  constructor(millrace: Millrace) {
    this.#millrace = millrace;
    const open = (file: string) => new DatabaseSync(join(millrace.home, file), { readOnly: true });
    this.#table = open('dynamodb/dynamodb.db');
    this.#schedules = open('scheduler.db');
    this.#objects = open('s3/index.db');
    this.#messages = open('sqs.db');
    const rows = this.#table.prepare("SELECT table_name AS name FROM _tables WHERE ttl_attribute = 'expires'").all();
    this.#name = (rows as { name: string }[])[0]?.name ?? '';
  }

  close(): void {
    for (const database of [this.#table, this.#schedules, this.#objects, this.#messages]) database.close();
  }

  /** All items of the jobs table, or those of one partition. */
  items(partition?: string): Item[] {
    return partition === undefined ? this.#rows('') : this.#rows('WHERE pk = ?', `S:${partition}`);
  }

  #rows(where: string, ...values: string[]): Item[] {
    const rows = this.#table.prepare(`SELECT item_json AS item FROM "${this.#name}" ${where}`).all(...values);
    return (rows as { item: string }[]).map(({ item }) => plain({ M: JSON.parse(item) }) as Item);
  }

  job(id: string, workspace = 'demo'): Item | undefined {
    return this.items(`${workspace}#${id}`).find(({ sk }) => sk === 'job');
  }

  /** Jobs that are not wholly over: live, or owing. */
  unfinished(): Item[] {
    return this.#rows(`WHERE sk = 'S:job' AND ${MAY_BE_UNFINISHED}`).filter(
      (item) => item.sk === 'job' && !isOver(item),
    );
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

  /**
   * The next moment after `now`, in milliseconds since 1970, at which something happens by itself: a hidden message is there
   * again, a one-shot schedule runs, a job is due. Undefined: nothing is to come.
   */
  nextEvent(now: number): number | undefined {
    const messages = this.#messages.prepare('SELECT min(visible_at) AS at FROM messages WHERE visible_at > ?').get(now);
    const schedules = this.#schedules
      .prepare("SELECT min(next_at) AS at FROM schedules WHERE definition LIKE '%at(%' AND next_at > ?")
      .get(now);
    const due = this.unfinished().map(({ scheduled_for: at }) => Number(at));
    const times = [...[messages, schedules].map((row) => Number(row?.at ?? 0)), ...due].filter((at) => at > now);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Whether anything is left but jobs that wait for a later time: then the next look of the reaper may be what brings it on. */
  isOverdue(now: number): boolean {
    const waits = ({ sk, status, scheduled_for: at }: Item) => sk === 'job' && status === 'queued' && Number(at) > now;
    return this.#left().some((item) => !waits(item));
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

  /** Items that should not outlive their job, and jobs that are not over. */
  #left(): Item[] {
    const items = this.items();
    const jobs = new Set(items.flatMap(({ pk, sk }) => (sk === 'job' ? [pk] : [])));
    return items.filter((item) => {
      const { pk, sk } = item;
      if (sk === 'job') return !isOver(item);
      if (jobs.has(pk) || pk === 'upkeep') return false;
      // They go by their time to live; none holds anything back.
      return !(pk.includes('#cached#') || sk === 'line' || (sk.startsWith('slot#') && item.until !== undefined));
    });
  }

  /** Everything that should not outlive its job, one line each. */
  leftovers(): string[] {
    const { visible, hidden } = this.messages();
    return [
      ...this.#left().map((item) => `${item.sk === 'job' ? 'job' : 'item'} ${JSON.stringify(item)}`),
      ...(visible + hidden > 0 ? [`${visible} messages wait, ${hidden} are hidden`] : []),
      ...this.schedules().map((name) => `schedule ${name}`),
    ];
  }
}
