import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { ScriptLocks } from '../jobs/dependency-ports.ts';
import { type ReadyLock, ScriptLock } from '../model/script-lock.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { scriptLockKey } from './catalog-keys.ts';

type Condition = Pick<
  PutItemCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** A lock may be some 300 KB; most are a few. */
const CACHED_LOCKS = 64;

/** Locks that dependencies jobs made, in memory once they are ready: then they change only when archives were lost. */
export class DynamoScriptLocks implements ScriptLocks {
  readonly #at: CatalogTable;
  readonly #ready = new Map<string, ScriptLock>();

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  async get(workspace: string, hash: string): Promise<ScriptLock | undefined> {
    const name = `${workspace}#${hash}`;
    const lock = this.#ready.get(name) ?? (await this.fresh(workspace, hash));
    if (lock?.state !== 'ready' || lock.rebuild !== undefined) return lock;
    this.#ready.delete(name);
    this.#ready.set(name, lock);
    const oldest = this.#ready.size > CACHED_LOCKS ? this.#ready.keys().next().value : undefined;
    if (oldest !== undefined) this.#ready.delete(oldest);
    return lock;
  }

  fresh(workspace: string, hash: string): Promise<ScriptLock | undefined> {
    this.#ready.delete(`${workspace}#${hash}`);
    return readItem(this.#at, scriptLockKey(workspace, hash), ScriptLock, true);
  }

  put(workspace: string, hash: string, lock: ScriptLock): Promise<void> {
    return this.#write(workspace, hash, lock, {
      ConditionExpression: 'attribute_not_exists(pk) OR #state = :failed',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':failed': { S: 'failed' } },
    });
  }

  replace(workspace: string, hash: string, job: string, lock: ReadyLock): Promise<void> {
    return this.#write(workspace, hash, lock, {
      ConditionExpression: '#job = :job',
      ExpressionAttributeNames: { '#job': 'job' },
      ExpressionAttributeValues: { ':job': { S: job } },
    });
  }

  async #write(workspace: string, hash: string, lock: ScriptLock, condition: Condition): Promise<void> {
    const { db, table: TableName } = this.#at;
    const Item = catalogItem(scriptLockKey(workspace, hash), lock);
    try {
      await db.send(new PutItemCommand({ TableName, Item, ...condition }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
