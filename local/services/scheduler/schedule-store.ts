import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openDatabase } from '../database.ts';
import { ScheduleDefinition } from './inputs.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS schedules (
    group_name TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, client_token TEXT,
    created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, next_at INTEGER, PRIMARY KEY (group_name, name)
  );
  CREATE INDEX IF NOT EXISTS due ON schedules (next_at) WHERE next_at IS NOT NULL;
`;

const Row = z.object({
  definition: z.string().transform((text) => ScheduleDefinition.parse(JSON.parse(text))),
  client_token: z.string().nullable(),
  created_at: z.number(),
  modified_at: z.number(),
  next_at: z.number().nullable(),
});
/** A schedule as it stands: `next_at` is its next run, null when it has none or is disabled. */
export type StoredSchedule = z.output<typeof Row>;

const Group = z.object({ name: z.string(), created_at: z.number() });
const Next = z.object({ next: z.number().nullable() });

const prepare = (database: DatabaseSync) => ({
  find: database.prepare('SELECT * FROM schedules WHERE group_name = ? AND name = ?'),
  put: database.prepare('INSERT OR REPLACE INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?)'),
  setNext: database.prepare('UPDATE schedules SET next_at = ? WHERE group_name = ? AND name = ? AND modified_at = ?'),
  remove: database.prepare('DELETE FROM schedules WHERE group_name = ? AND name = ?'),
  due: database.prepare('SELECT * FROM schedules WHERE next_at <= ? ORDER BY next_at'),
  next: database.prepare('SELECT min(next_at) AS next FROM schedules WHERE next_at > ?'),
  from: database.prepare(
    `SELECT * FROM schedules WHERE (?1 = '' OR group_name = ?1) AND substr(name, 1, length(?2)) = ?2
     AND group_name || '/' || name > ?3 ORDER BY group_name || '/' || name LIMIT ?4`,
  ),
  putGroup: database.prepare('INSERT OR IGNORE INTO groups VALUES (?, ?)'),
  group: database.prepare('SELECT * FROM groups WHERE name = ?'),
  groups: database.prepare('SELECT * FROM groups ORDER BY name'),
  removeGroup: database.prepare('DELETE FROM groups WHERE name = ?'),
  emptyGroup: database.prepare('DELETE FROM schedules WHERE group_name = ?'),
});

/** Schedules and their groups, on disk. */
export class ScheduleStore {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string) {
    this.#database = openDatabase(file, schema);
    this.#sql = prepare(this.#database);
  }

  find(group: string, name: string): StoredSchedule | undefined {
    const row = this.#sql.find.get(group, name);
    return row === undefined ? undefined : Row.parse(row);
  }

  put({ definition, client_token, created_at, modified_at, next_at }: StoredSchedule): void {
    const { GroupName, Name } = definition;
    this.#sql.put.run(GroupName, Name, JSON.stringify(definition), client_token, created_at, modified_at, next_at);
  }

  /** Does nothing when the schedule was changed or deleted since it was read. */
  setNext({ definition, modified_at }: StoredSchedule, next: number | null): void {
    this.#sql.setNext.run(next, definition.GroupName, definition.Name, modified_at);
  }

  /** False when there was none. */
  remove(group: string, name: string): boolean {
    return this.#sql.remove.run(group, name).changes > 0;
  }

  due(now: number): StoredSchedule[] {
    return Row.array().parse(this.#sql.due.all(now));
  }

  /** The time of the earliest run after `now`. */
  nextRun(now: number): number | undefined {
    return Next.parse(this.#sql.next.get(now)).next ?? undefined;
  }

  /** `group` `''` means all; those after `group/name` in order. */
  list(group: string, prefix: string, after: string, limit: number): StoredSchedule[] {
    return Row.array().parse(this.#sql.from.all(group, prefix, after, limit));
  }

  putGroup(name: string, now: number): void {
    this.#sql.putGroup.run(name, now);
  }

  group(name: string): z.output<typeof Group> | undefined {
    const row = this.#sql.group.get(name);
    return row === undefined ? undefined : Group.parse(row);
  }

  groups(): z.output<typeof Group>[] {
    return Group.array().parse(this.#sql.groups.all());
  }

  /** With every schedule in it. */
  removeGroup(name: string): void {
    this.#sql.emptyGroup.run(name);
    this.#sql.removeGroup.run(name);
  }

  get closed(): boolean {
    return !this.#database.isOpen;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
