import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { Folder, Group } from '../model/roster.ts';
import type { Isolation } from '../model/tenant.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { folderKey, formerKey, groupKey, type Key, workspaceKey, workspaceStateKey } from './catalog-keys.ts';
import { writeTogether } from './catalog-transaction.ts';

const NEW = 'attribute_not_exists(pk)';
const THERE = 'attribute_exists(pk)';
/** Two who change one thing at once: the later one looks again, this often. */
const TRIES = 5;
const Revision = z.object({ rev: z.number().optional() });

/**
 * `former`: there was one of this name, and paths and grants on single things may still name it: whoever made it again would
 * have them, so only an admin may.
 */
type Made = 'made' | 'exists' | 'former';

/** Changes of what decides rights in a workspace, but for its members. Each is one conditional write or one transaction. */
export class RosterWrites {
  readonly #at: CatalogTable;
  readonly #changed: (workspace: string) => void;

  /** `changed` is told of each workspace that was written, so that this process does not answer from memory. */
  constructor(db: DynamoDBClient, table: string, changed: (workspace: string) => void) {
    this.#at = { db, table };
    this.#changed = changed;
  }

  addGroup(workspace: string, group: Group, byAdmin: boolean): Promise<Made> {
    return this.#create(workspace, groupKey(workspace, group.name), group, byAdmin);
  }

  /** Undefined: there is none. `change` may be called again when somebody else changed it meanwhile. */
  changeGroup(workspace: string, name: string, change: (group: Group) => Group): Promise<Group | undefined> {
    return this.#change(workspace, groupKey(workspace, name), Group, change);
  }

  removeGroup(workspace: string, name: string): Promise<boolean> {
    return this.#remove(workspace, groupKey(workspace, name));
  }

  addFolder(workspace: string, folder: Folder, byAdmin: boolean): Promise<Made> {
    return this.#create(workspace, folderKey(workspace, folder.name), folder, byAdmin);
  }

  changeFolder(workspace: string, name: string, change: (folder: Folder) => Folder): Promise<Folder | undefined> {
    return this.#change(workspace, folderKey(workspace, name), Folder, change);
  }

  removeFolder(workspace: string, name: string): Promise<boolean> {
    return this.#remove(workspace, folderKey(workspace, name));
  }

  /** Stands in two places: with what decides rights in the workspace, and in the list of workspaces. False: there is none. */
  async setArchived(workspace: string, archived: boolean): Promise<boolean> {
    const { table: TableName } = this.#at;
    const refused = await writeTogether(
      this.#at,
      [workspaceStateKey(workspace), workspaceKey(workspace)].map((key) => ({
        Update: {
          TableName,
          Key: marshall(key),
          UpdateExpression: 'SET archived = :archived',
          ConditionExpression: THERE,
          ExpressionAttributeValues: marshall({ ':archived': archived }),
        },
      })),
    );
    this.#changed(workspace);
    return refused.length === 0;
  }

  /** How jobs of scripts that say nothing about isolation are kept apart. Nothing happens without the workspace. */
  async setIsolation(workspace: string, isolation: Isolation): Promise<void> {
    await this.#at.db.send(
      new UpdateItemCommand({
        TableName: this.#at.table,
        Key: marshall(workspaceStateKey(workspace)),
        UpdateExpression: 'SET #isolation = :isolation',
        ExpressionAttributeNames: { '#isolation': 'isolation' },
        ConditionExpression: THERE,
        ExpressionAttributeValues: marshall({ ':isolation': isolation }),
      }),
    );
    this.#changed(workspace);
  }

  async #create(workspace: string, key: Key, value: object, byAdmin: boolean): Promise<Made> {
    const { table: TableName } = this.#at;
    const former = { TableName, Key: marshall(formerKey(workspace, key)) };
    const [exists, isFormer] = await writeTogether(this.#at, [
      { Put: { TableName, Item: catalogItem(key, value), ConditionExpression: NEW } },
      byAdmin ? { Delete: former } : { ConditionCheck: { ...former, ConditionExpression: NEW } },
    ]);
    this.#changed(workspace);
    if (exists === true) return 'exists';
    return isFormer === true ? 'former' : 'made';
  }

  async #change<T extends object>(
    workspace: string,
    key: Key,
    schema: z.ZodType<T>,
    change: (value: T) => T,
  ): Promise<T | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const item = await readItem(this.#at, key, z.looseObject({}), true);
      if (item === undefined) return undefined;
      const { rev = 0 } = Revision.parse(item);
      const next = change(schema.parse(item));
      if (
        await this.#put(key, { ...next, rev: rev + 1 }, rev === 0 ? 'attribute_not_exists(rev)' : 'rev = :rev', rev)
      ) {
        this.#changed(workspace);
        return next;
      }
    }
    throw new Error('an item of the catalog is changed too often at once');
  }

  async #remove(workspace: string, key: Key): Promise<boolean> {
    const { table: TableName } = this.#at;
    const refused = await writeTogether(this.#at, [
      { Delete: { TableName, Key: marshall(key), ConditionExpression: THERE } },
      { Put: { TableName, Item: catalogItem(formerKey(workspace, key), {}) } },
    ]);
    this.#changed(workspace);
    return refused.length === 0;
  }

  async #put(key: Key, value: object, condition: string, rev?: number): Promise<boolean> {
    const { db, table: TableName } = this.#at;
    try {
      await db.send(
        new PutItemCommand({
          TableName,
          Item: catalogItem(key, value),
          ConditionExpression: condition,
          ...(rev ? { ExpressionAttributeValues: { ':rev': { N: String(rev) } } } : {}),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
