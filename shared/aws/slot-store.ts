import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { SlotHolder, SlotStore } from '../jobs/limit-ports.ts';
import { type Concurrency, type Line, lookAgainAt } from '../model/concurrency.ts';
import { LINE_SK, SLOT_PREFIX, slotKey, slotsPartition } from './job-keys.ts';

const Slot = z.object({
  sk: z.string(),
  job: z.string(),
  attempt: z.number(),
  since: z.number(),
  /** The job has ended, and its place is free from then on. */
  until: z.number().optional(),
});
type Slot = z.infer<typeof Slot>;
const StoredLine = z.object({ next_at: z.number(), total_ms: z.number(), ended: z.number() });

/** Two who take the same place at once: the later one looks again, this often. */
const TRIES = 4;
/** A holder that took its place so long ago may have lost its job; at most so many are asked after. */
const DOUBTED_AFTER_MS = 30_000;
const DOUBTED = 5;
/** A line nobody waits in any more is forgotten. */
const LINE_LIVES_S = 86_400;

/** The places under concurrency limits: an item each, never a counter, so that a crash leaves at most one to be found again. */
export class DynamoSlotStore implements SlotStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async take(
    workspace: string,
    limit: Concurrency,
    holder: SlotHolder,
    now: number,
    holds: (holder: SlotHolder) => Promise<boolean>,
  ): Promise<{ taken: true } | { taken: false; lookAgainAt: number }> {
    const partition = slotsPartition(workspace, limit.key);
    let asked = false;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { slots, line } = await this.#read(partition);
      const mine = slots.find(({ job }) => job === holder.job);
      const place = mine?.sk ?? freePlace(slots, limit.limit, holder.job, now);
      if (place !== undefined) {
        if (await this.#put(partition, place, holder, now)) return { taken: true };
        continue;
      }
      if (!asked && (await this.#freeDoubted(partition, slots, now, holds))) continue;
      asked = true;
      const at = lookAgainAt(limit, line, earliestFree(slots), now);
      if (await this.#standInLine(partition, line, at, now)) return { taken: false, lookAgainAt: at };
    }
    return { taken: false, lookAgainAt: now + DOUBTED_AFTER_MS };
  }

  async free(
    workspace: string,
    limit: Concurrency,
    { job, attempt }: { job: string; attempt?: number },
    ended: { now: number; durationMs: number },
  ) {
    const partition = slotsPartition(workspace, limit.key);
    const { slots, line } = await this.#read(partition);
    const mine = slots.find(
      (slot) => slot.job === job && slot.until === undefined && (attempt === undefined || slot.attempt === attempt),
    );
    if (mine === undefined) return;
    await this.#leave(partition, mine, limit.window_s === 0 ? undefined : ended.now + limit.window_s * 1000);
    if (line !== undefined) await this.#tellLine(partition, ended.durationMs);
  }

  async #read(partition: string): Promise<{ slots: Slot[]; line: Line | undefined }> {
    const { Items } = await this.#db.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: partition } },
        ConsistentRead: true,
      }),
    );
    const items = (Items ?? []).map((item) => unmarshall(item));
    return {
      slots: items.filter(({ sk }) => sk !== LINE_SK).map((item) => Slot.parse(item)),
      line: StoredLine.optional().parse(items.find(({ sk }) => sk === LINE_SK)),
    };
  }

  /** False: somebody else took the place. */
  #put(partition: string, sk: string, { job, attempt }: SlotHolder, now: number): Promise<boolean> {
    return conditional(() =>
      this.#db.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: marshall({ pk: partition, sk, job, attempt, since: now }),
          ConditionExpression: 'attribute_not_exists(pk) OR job = :job OR #until <= :now',
          ExpressionAttributeNames: { '#until': 'until' },
          ExpressionAttributeValues: marshall({ ':job': job, ':now': now }),
        }),
      ),
    );
  }

  /** Whether a place became free because its holder does not run any more: a crash had kept it. */
  async #freeDoubted(
    partition: string,
    slots: Slot[],
    now: number,
    holds: (holder: SlotHolder) => Promise<boolean>,
  ): Promise<boolean> {
    const doubted = slots
      .filter(({ until, since }) => until === undefined && now - since >= DOUBTED_AFTER_MS)
      .sort((one, other) => one.since - other.since)
      .slice(0, DOUBTED);
    const gone = await Promise.all(doubted.map(async (slot) => ((await holds(slot)) ? [] : [slot])));
    for (const slot of gone.flat()) await this.#leave(partition, slot, undefined);
    return gone.flat().length > 0;
  }

  async #leave(partition: string, { sk, job, attempt }: Slot, until: number | undefined): Promise<void> {
    const Key = marshall(slotKey(partition, sk));
    const mine = {
      TableName: this.#table,
      Key,
      ConditionExpression: 'job = :job AND attempt = :attempt',
    };
    const values = { ':job': job, ':attempt': attempt };
    await conditional(() =>
      until === undefined
        ? this.#db.send(new DeleteItemCommand({ ...mine, ExpressionAttributeValues: marshall(values) }))
        : this.#db.send(
            new UpdateItemCommand({
              ...mine,
              UpdateExpression: 'SET #until = :until, expires = :expires',
              ExpressionAttributeNames: { '#until': 'until' },
              ExpressionAttributeValues: marshall({
                ...values,
                ':until': until,
                ':expires': Math.ceil(until / 1000) + 60,
              }),
            }),
          ),
    );
  }

  /** False: somebody else stands there since `line` was read. */
  #standInLine(partition: string, line: Line | undefined, at: number, now: number): Promise<boolean> {
    return conditional(() =>
      this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(slotKey(partition, LINE_SK)),
          UpdateExpression:
            'SET next_at = :at, expires = :expires, total_ms = if_not_exists(total_ms, :zero), ended = if_not_exists(ended, :zero)',
          ConditionExpression: line === undefined ? 'attribute_not_exists(pk)' : 'next_at = :was',
          ExpressionAttributeValues: marshall({
            ':at': at,
            ':expires': Math.ceil(Math.max(at, now) / 1000) + LINE_LIVES_S,
            ':zero': 0,
            ...(line === undefined ? {} : { ':was': line.next_at }),
          }),
        }),
      ),
    );
  }

  async #tellLine(partition: string, durationMs: number): Promise<void> {
    await conditional(() =>
      this.#db.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: marshall(slotKey(partition, LINE_SK)),
          UpdateExpression: 'ADD total_ms :ms, ended :one',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: marshall({ ':ms': durationMs, ':one': 1 }),
        }),
      ),
    );
  }
}

const conditional = async (write: () => Promise<unknown>): Promise<boolean> => {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
};

/** A place that nobody holds; which one depends on the job, so that many who come at once seldom meet. */
const freePlace = (slots: Slot[], limit: number, job: string, now: number): string | undefined => {
  const held = new Set(slots.filter(({ until }) => until === undefined || until > now).map(({ sk }) => sk));
  const free = Array.from({ length: limit }, (_, place) => SLOT_PREFIX + String(place)).filter((sk) => !held.has(sk));
  return free[Number.parseInt(job.slice(-6), 16) % free.length];
};

const earliestFree = (slots: Slot[]): number | undefined => {
  const ends = slots.flatMap(({ until }) => (until === undefined ? [] : [until]));
  return ends.length === 0 ? undefined : Math.min(...ends);
};
