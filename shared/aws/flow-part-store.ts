import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  type Put,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { Part, partName } from '../flow/parts.ts';
import type { FlowPartStore } from '../jobs/flow-ports.ts';
import type { JobKey } from '../model/job.ts';
import { payloadKey } from './job-keys.ts';

const Stored = z.object({ rev: z.number(), status: z.string() });

/** The parts of flow jobs, each an item beside its job: a few hundred bytes, a full page some 4 KB. */
export class DynamoFlowPartStore implements FlowPartStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async read(flow: JobKey, name: string): Promise<{ part: Part; rev: number } | undefined> {
    const { Item } = await this.#db.send(
      new GetItemCommand({ TableName: this.#table, Key: marshall(keyOf(flow, name)), ConsistentRead: true }),
    );
    if (Item === undefined) return undefined;
    const { rev, status } = Stored.parse(unmarshall(Item));
    return { part: Part.parse(JSON.parse(status)), rev };
  }

  /** One part is a plain put; several are a transaction. Whoever writes one of them at that moment counts as having been first. */
  async write(flow: JobKey, changes: { part: Part; seen: number }[]): Promise<boolean> {
    const puts = changes.map(({ part, seen }) => this.#put(flow, part, seen));
    const [only, ...more] = puts;
    try {
      if (only !== undefined && more.length === 0) await this.#db.send(new PutItemCommand(only));
      else await this.#db.send(new TransactWriteItemsCommand({ TransactItems: puts.map((put) => ({ Put: put })) }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException || isRace(error)) return false;
      throw error;
    }
  }

  #put(flow: JobKey, part: Part, seen: number): Put {
    return {
      TableName: this.#table,
      Item: marshall({ ...keyOf(flow, partName(part)), rev: seen + 1, status: JSON.stringify(part) }),
      ...(seen === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'rev = :seen', ExpressionAttributeValues: marshall({ ':seen': seen }) }),
    };
  }
}

const keyOf = (flow: JobKey, name: string): { pk: string; sk: string } => payloadKey(flow, `flow#${name}`);

const RACES = new Set(['None', 'ConditionalCheckFailed', 'TransactionConflict']);

const isRace = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).every(({ Code }) => RACES.has(Code ?? 'None'));
