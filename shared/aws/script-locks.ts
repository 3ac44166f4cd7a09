import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ScriptLocks } from '../jobs/dependency-ports.ts';
import { ScriptLock } from '../model/script-lock.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { scriptLockKey } from './catalog-keys.ts';

/** A lock may be some 300 KB; most are a few. */
const CACHED_LOCKS = 64;

/** Locks that dependencies jobs made, in memory once they are ready: then they never change. */
export class DynamoScriptLocks implements ScriptLocks {
  readonly #at: CatalogTable;
  readonly #ready = new Map<string, ScriptLock>();

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  async get(workspace: string, hash: string): Promise<ScriptLock | undefined> {
    const name = `${workspace}#${hash}`;
    const lock = this.#ready.get(name) ?? (await readItem(this.#at, scriptLockKey(workspace, hash), ScriptLock, true));
    if (lock?.state !== 'ready') return lock;
    this.#ready.delete(name);
    this.#ready.set(name, lock);
    const oldest = this.#ready.size > CACHED_LOCKS ? this.#ready.keys().next().value : undefined;
    if (oldest !== undefined) this.#ready.delete(oldest);
    return lock;
  }

  async put(workspace: string, hash: string, lock: ScriptLock): Promise<void> {
    const { db, table: TableName } = this.#at;
    try {
      await db.send(
        new PutItemCommand({
          TableName,
          Item: catalogItem(scriptLockKey(workspace, hash), lock),
          ConditionExpression: 'attribute_not_exists(pk) OR #state = :failed',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':failed': { S: 'failed' } },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
