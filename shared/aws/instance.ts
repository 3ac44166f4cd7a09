import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';

/** What the installation knows of itself. `public_keys` are the JWK `x` values that sign tokens: two while one is replaced. */
export const Instance = z.object({ base_url: z.string(), public_keys: z.array(z.string()) });
export type Instance = z.infer<typeof Instance>;

const KEY = { pk: 'instance', sk: 'base' };
/** A changed base URL or key is seen by every warm function within this time. */
const CACHE_MS = 60_000;

/** The catalog's `instance` item: written by `seed` at each deploy, read by whoever signs, verifies or names a URL. */
export class InstanceStore {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  #cached: { at: number; instance: Promise<Instance> } | undefined;

  constructor(db: DynamoDBClient, table: string) {
    this.#db = db;
    this.#table = table;
  }

  async write(instance: Instance): Promise<void> {
    await this.#db.send(new PutItemCommand({ TableName: this.#table, Item: marshall({ ...KEY, ...instance }) }));
  }

  /** Throws when the installation was never seeded. */
  read(now: number): Promise<Instance> {
    if (this.#cached !== undefined && now - this.#cached.at < CACHE_MS) return this.#cached.instance;
    const instance = this.#fetch();
    this.#cached = { at: now, instance };
    instance.catch(() => {
      this.#cached = undefined;
    });
    return instance;
  }

  async #fetch(): Promise<Instance> {
    const { Item } = await this.#db.send(new GetItemCommand({ TableName: this.#table, Key: marshall(KEY) }));
    if (Item === undefined) throw new Error('the installation has no instance item: its seed resource did not run');
    return Instance.parse(unmarshall(Item));
  }
}
