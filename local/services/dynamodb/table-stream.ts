import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { openDynoxideFile } from './dynoxide-file.ts';

const Image = z.string().transform((text, context): Record<string, unknown> => {
  const image = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
  if (image.success) return image.data;
  context.addIssue({ code: 'custom', message: 'is no image of an item' });
  return z.NEVER;
});

const Row = z.object({
  sequence: z.number(),
  event_name: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  keys_json: Image,
  new_image: Image.nullable(),
  old_image: Image.nullable(),
  /** Seconds since 1970. */
  created_at: z.number(),
  user_identity: z.string().nullable(),
});

const Sequence = z.object({ sequence: z.number() });

/** A record of a table's stream as an event source mapping hands it on. */
export type StreamRecord = {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: '1.1';
  eventSource: 'aws:dynamodb';
  dynamodb: {
    ApproximateCreationDateTime: number;
    Keys: Record<string, unknown>;
    NewImage?: Record<string, unknown>;
    OldImage?: Record<string, unknown>;
    SequenceNumber: string;
  };
  /** Only of items that their time to live removed. */
  userIdentity?: { type: 'Service'; principalId: 'dynamodb.amazonaws.com' };
};

const DAY_S = 86_400;
const TRIM_AT_ONCE = 5_000;
const SEQUENCE = 'CAST(sequence_number AS INTEGER)';

const recordOf = (row: z.infer<typeof Row>): StreamRecord => ({
  eventID: String(row.sequence),
  eventName: row.event_name,
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  dynamodb: {
    ApproximateCreationDateTime: row.created_at,
    Keys: row.keys_json,
    ...(row.new_image === null ? {} : { NewImage: row.new_image }),
    ...(row.old_image === null ? {} : { OldImage: row.old_image }),
    SequenceNumber: String(row.sequence),
  },
  ...(row.user_identity === null
    ? {}
    : { userIdentity: { type: 'Service' as const, principalId: 'dynamodb.amazonaws.com' as const } }),
});

/**
 * The stream of a table, read from dynoxide's own file: it is looked into four times a second, and most records are of no
 * interest to anybody, so they are not worth a request.
 */
export class TableStream {
  readonly #database: DatabaseSync;
  readonly #table: string;

  constructor(databaseFile: string, table: string) {
    this.#database = openDynoxideFile(databaseFile);
    this.#table = table;
  }

  /** The number of the newest record; 0 while there is none. */
  newest(): number {
    const row = this.#database
      .prepare(`SELECT COALESCE(MAX(${SEQUENCE}), 0) AS sequence FROM _stream_records WHERE table_name = ?`)
      .get(this.#table);
    return Sequence.parse(row).sequence;
  }

  /** Records after a number, oldest first, of these kinds only; `upTo` is the number that has been looked at. */
  after(
    sequence: number,
    limit: number,
    kinds: readonly StreamRecord['eventName'][],
  ): { records: StreamRecord[]; upTo: number } {
    const newest = this.newest();
    if (newest <= sequence) return { records: [], upTo: sequence };
    const rows = this.#database
      .prepare(
        `SELECT ${SEQUENCE} AS sequence, event_name, keys_json, new_image, old_image, created_at, user_identity
         FROM _stream_records WHERE table_name = ? AND ${SEQUENCE} > ? AND ${SEQUENCE} <= ?
         AND event_name IN (${kinds.map(() => '?').join(', ')}) ORDER BY ${SEQUENCE} LIMIT ?`,
      )
      .all(this.#table, sequence, newest, ...kinds, limit);
    const records = Row.array().parse(rows).map(recordOf);
    const last = records.at(-1);
    return { records, upTo: records.length < limit || last === undefined ? newest : Number(last.eventID) };
  }

  /** Forgets records that are older than a day, as AWS does; the newest stays, because the next number follows it. */
  trim(nowMs: number): void {
    const before = Math.floor(nowMs / 1000) - DAY_S;
    const old = this.#database.prepare(
      `DELETE FROM _stream_records WHERE id IN (
         SELECT id FROM _stream_records WHERE table_name = ? AND ${SEQUENCE} < ? ORDER BY ${SEQUENCE} LIMIT ${TRIM_AT_ONCE}
       ) AND created_at < ?`,
    );
    while (Number(old.run(this.#table, this.newest(), before).changes) === TRIM_AT_ONCE);
  }

  /** A second close does nothing. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
