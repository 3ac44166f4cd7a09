import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { FlowItemStore } from '../jobs/flow-ports.ts';
import type { PayloadStore } from '../jobs/payload-ports.ts';
import { sha256Hex } from '../model/ids.ts';
import { type JobKey, Payload } from '../model/job.ts';
import { Json } from '../model/json.ts';
import { payloadKey } from './job-keys.ts';

/** Items read and written together. */
const TOGETHER = 50;

type Loop = { module: string; attempt: number };
const Head = z.object({ length: z.number(), digest: z.string() });
const Piece = z.object({ payload: Payload });

/** The items of loops, in pieces: whoever starts an iteration reads the piece that its item is in, not the list. */
export class DynamoFlowItemStore implements FlowItemStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #payloads: PayloadStore;
  #last: { name: string; items: Promise<Json[]> } | undefined;

  constructor(db: DynamoDBClient, table: string, payloads: PayloadStore) {
    this.#db = db;
    this.#table = table;
    this.#payloads = payloads;
  }

  async keep(flow: JobKey, loop: Loop, items: Json[]): Promise<number> {
    const known = await this.#head(flow, loop);
    if (known !== undefined) return known.length;
    const digest = (await sha256Hex(JSON.stringify(items))).slice(0, 16);
    for (let from = 0; from < items.length; from += TOGETHER)
      await this.#keepPiece(flow, pieceName(loop, digest, from), items.slice(from, from + TOGETHER));
    return this.#keepHead(flow, loop, { length: items.length, digest });
  }

  /** Neighbours are asked for one after the other, and kept items never change: the last piece is read once. */
  async get(flow: JobKey, loop: Loop, index: number): Promise<Json | undefined> {
    const from = index - (index % TOGETHER);
    const name = `${flow.workspace} ${flow.id} ${headName(loop)} ${from}`;
    if (this.#last?.name !== name) this.#last = { name, items: this.#piece(flow, loop, from) };
    const reading = this.#last;
    try {
      return (await reading.items)[index - from];
    } catch (error) {
      if (this.#last === reading) this.#last = undefined;
      throw error;
    }
  }

  /** Throws where there is none yet, so that nobody remembers that. */
  async #piece(flow: JobKey, loop: Loop, from: number): Promise<Json[]> {
    const head = await this.#head(flow, loop);
    const found = head && (await this.#read(flow, pieceName(loop, head.digest, from)));
    const text = await this.#payloads.get(flow, Piece.parse(found).payload);
    return z.array(Json).parse(JSON.parse(text));
  }

  async #head(flow: JobKey, loop: Loop): Promise<z.infer<typeof Head> | undefined> {
    const found = await this.#read(flow, headName(loop));
    return found === undefined ? undefined : Head.parse(found);
  }

  async #read(flow: JobKey, name: string): Promise<unknown> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(payloadKey(flow, name)), ConsistentRead: true }),
    );
    return Item === undefined ? undefined : unmarshall(Item);
  }

  async #keepPiece(flow: JobKey, name: string, items: Json[]): Promise<void> {
    const payload = await this.#payloads.put(flow, 'args', JSON.stringify(items));
    const object = payload.at === 'object' ? { object: true } : {};
    const Item = marshall({ ...payloadKey(flow, name), payload, ...object });
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  /** Whoever comes second goes by the items of the first. */
  async #keepHead(flow: JobKey, loop: Loop, head: z.infer<typeof Head>): Promise<number> {
    try {
      const Item = marshall({ ...payloadKey(flow, headName(loop)), ...head });
      const ConditionExpression = 'attribute_not_exists(pk)';
      await this.#db.send(new PutItemCommand({ TableName: this.#table, Item, ConditionExpression }));
      return head.length;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return (await this.#head(flow, loop))?.length ?? head.length;
    }
  }
}

const headName = ({ module, attempt }: Loop): string => `items#${module}#${attempt}`;
const pieceName = (loop: Loop, digest: string, index: number): string =>
  `${headName(loop)}#${digest}#${Math.floor(index / TOGETHER)}`;
