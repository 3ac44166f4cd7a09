import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { inTransaction, openDatabase } from '../database.ts';
import type { Receipt } from './receipt.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS messages (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
    attributes TEXT NOT NULL, trace TEXT, message_group TEXT, source TEXT,
    sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0, first_received INTEGER
  );
  CREATE INDEX IF NOT EXISTS due ON messages (queue, visible_at, row);
`;

const Row = z.object({
  row: z.number(),
  message_id: z.string(),
  body: z.string(),
  attributes: z.string(),
  trace: z.string().nullable(),
  message_group: z.string().nullable(),
  source: z.string().nullable(),
  sent_at: z.number(),
  visible_at: z.number(),
  receives: z.number(),
  first_received: z.number().nullable(),
});
export type StoredMessage = z.infer<typeof Row>;

const Candidate = z.object({ row: z.number(), receives: z.number() });
const Next = z.object({ next: z.number().nullable() });
const Counts = z.object({
  visible: z.number().nullable(),
  delayed: z.number().nullable(),
  inFlight: z.number().nullable(),
});

/** A message that enters a queue. Times in milliseconds since 1970. */
export type NewMessage = {
  queue: string;
  messageId: string;
  body: string;
  attributes: string;
  trace: string | null;
  group: string | null;
  sentAt: number;
  visibleAt: number;
};

/** After `maxReceives` receives the next one moves the message to `queue`, marked as coming from `sourceArn`. */
export type Redrive = { queue: string; maxReceives: number; sourceArn: string };

const prepare = (database: DatabaseSync) => ({
  insert: database.prepare(
    `INSERT INTO messages (queue, message_id, body, attributes, trace, message_group, sent_at, visible_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
  candidates: database.prepare(
    'SELECT row, receives FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, row LIMIT ?',
  ),
  receive: database.prepare(
    `UPDATE messages SET receives = receives + 1, visible_at = ?, first_received = coalesce(first_received, ?)
     WHERE row = ? RETURNING *`,
  ),
  bury: database.prepare('UPDATE messages SET queue = ?, visible_at = ?, source = ? WHERE row = ?'),
  next: database.prepare('SELECT min(visible_at) AS next FROM messages WHERE queue = ?'),
  find: database.prepare('SELECT * FROM messages WHERE queue = ? AND row = ? AND receives = ?'),
  delete: database.prepare('DELETE FROM messages WHERE queue = ? AND row = ? AND receives = ?'),
  hide: database.prepare('UPDATE messages SET visible_at = ? WHERE row = ?'),
  reveal: database.prepare('UPDATE messages SET visible_at = ?1 WHERE visible_at > ?1 AND receives > 0'),
  purge: database.prepare('DELETE FROM messages WHERE queue = ?'),
  forget: database.prepare('DELETE FROM messages WHERE queue = ? AND sent_at < ?'),
  all: database.prepare('SELECT * FROM messages WHERE queue = ? AND visible_at <= ?'),
  revive: database.prepare(
    `UPDATE messages SET queue = ?, message_id = ?, sent_at = ?, visible_at = ?, receives = 0,
     first_received = NULL, source = NULL WHERE row = ?`,
  ),
  counts: database.prepare(
    `SELECT sum(visible_at <= ?1) AS visible, sum(visible_at > ?1 AND receives = 0) AS delayed,
     sum(visible_at > ?1 AND receives > 0) AS inFlight FROM messages WHERE queue = ?2`,
  ),
});

/** The messages of every queue, on disk. Knows rows and times, nothing of the wire. */
export class MessageStore {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(file: string) {
    this.#database = openDatabase(file, schema);
    this.#sql = prepare(this.#database);
  }

  add(m: NewMessage): void {
    this.#sql.insert.run(m.queue, m.messageId, m.body, m.attributes, m.trace, m.group, m.sentAt, m.visibleAt);
  }

  /** All or none. */
  addAll(messages: readonly NewMessage[]): void {
    inTransaction(this.#database, () => {
      for (const message of messages) this.add(message);
    });
  }

  /** Up to `max` visible messages, hidden from now until `hideUntil`. `buried` counts those that went to the redrive queue instead. */
  take(queue: string, max: number, now: number, hideUntil: number, redrive: Redrive | undefined) {
    const found = Candidate.array().parse(this.#sql.candidates.all(queue, now, max));
    if (found.length === 0) return { messages: [], buried: 0 };
    return inTransaction(this.#database, () => {
      const messages: StoredMessage[] = [];
      let buried = 0;
      for (const { row, receives } of found) {
        if (redrive !== undefined && receives >= redrive.maxReceives) {
          this.#sql.bury.run(redrive.queue, now, redrive.sourceArn, row);
          buried += 1;
        } else {
          messages.push(Row.parse(this.#sql.receive.get(hideUntil, now, row)));
        }
      }
      return { messages, buried };
    });
  }

  /** When the next message of the queue becomes visible (it may be in the past); undefined for an empty queue. */
  nextVisible(queue: string): number | undefined {
    return Next.parse(this.#sql.next.get(queue)).next ?? undefined;
  }

  /** The message as of that very receive; undefined once it was received again, deleted or moved. */
  find(queue: string, receipt: Receipt): StoredMessage | undefined {
    const row = this.#sql.find.get(queue, receipt.row, receipt.receives);
    return row === undefined ? undefined : Row.parse(row);
  }

  /** Does nothing when the receipt is not the newest one. */
  delete(queue: string, receipt: Receipt): void {
    this.#sql.delete.run(queue, receipt.row, receipt.receives);
  }

  hide(row: number, until: number): void {
    this.#sql.hide.run(until, row);
  }

  /** Every message that was received and is not deleted may be received again. */
  reveal(now: number): void {
    this.#sql.reveal.run(now);
  }

  purge(queue: string): void {
    this.#sql.purge.run(queue);
  }

  forgetSentBefore(queue: string, time: number): void {
    this.#sql.forget.run(queue, time);
  }

  /** Visible messages of a dead-letter queue go back as new messages; `destination` names each one's queue. */
  revive(
    queue: string,
    now: number,
    newId: () => string,
    destination: (m: StoredMessage) => string | undefined,
  ): string[] {
    return inTransaction(this.#database, () =>
      Row.array()
        .parse(this.#sql.all.all(queue, now))
        .flatMap((message) => {
          const to = destination(message);
          if (to === undefined) return [];
          this.#sql.revive.run(to, newId(), now, now, message.row);
          return [to];
        }),
    );
  }

  counts(queue: string, now: number): { visible: number; delayed: number; inFlight: number } {
    const { visible, delayed, inFlight } = Counts.parse(this.#sql.counts.get(now, queue));
    return { visible: visible ?? 0, delayed: delayed ?? 0, inFlight: inFlight ?? 0 };
  }

  close(): void {
    this.#database.close();
  }
}
