import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import type { Grants } from '../model/roster.ts';
import { HistoryEntry, headOf, ScriptHead, type ScriptVersion } from '../model/script.ts';
import { type CatalogTable, catalogItem, readPartition, refusedWrites } from './catalog-items.ts';
import {
  historyKey,
  historyPartition,
  importerKey,
  importersPartition,
  type Key,
  scriptHeadKey,
  scriptsPartition,
  scriptVersionKey,
} from './catalog-keys.ts';

const grantsAre = (was: Grants | undefined): string =>
  was === undefined ? 'attribute_not_exists(extra_perms)' : 'extra_perms = :was';

const Importer = z.object({ path: z.string(), hash: z.string() });
type Importer = z.infer<typeof Importer>;

/** Writing scripts, and the lists over them. */
export class ScriptCatalog {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  /**
   * Adds a version and makes it the head of its path, if the head still is `seen` (undefined: none yet), whose
   * grants it keeps. `imported`: paths of scripts whose changes concern it, 50 at most. All or nothing.
   */
  async add(
    workspace: string,
    version: ScriptVersion,
    seen: Pick<ScriptHead, 'hash' | 'extra_perms'> | undefined,
    imported: readonly string[] = [],
  ): Promise<'added' | 'same-hash' | 'head-moved'> {
    const { db, table: TableName } = this.#at;
    const { path, hash, created_at, created_by } = version;
    const entry: HistoryEntry = {
      hash,
      created_at,
      created_by,
      ...(version.deployment_message ? { deployment_message: version.deployment_message } : {}),
    };
    const headCondition =
      seen === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            // The grants too: one taken back at this moment must not come back with the new head.
            ConditionExpression: `#hash = :seen AND ${grantsAre(seen.extra_perms)}`,
            ExpressionAttributeNames: { '#hash': 'hash' },
            ExpressionAttributeValues: marshall({
              ':seen': seen.hash,
              ...(seen.extra_perms === undefined ? {} : { ':was': seen.extra_perms }),
            }),
          };
    const put = (key: Key, value: object) => ({ TableName, Item: catalogItem(key, value) });
    try {
      await db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Put: {
                ...put(scriptVersionKey(workspace, hash), version),
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
            { Put: { ...put(scriptHeadKey(workspace, path), headOf(version, seen?.extra_perms)), ...headCondition } },
            { Put: put(historyKey(workspace, path, created_at, hash), entry) },
            ...imported.map((one) => ({ Put: put(importerKey(workspace, one, path), { path, hash }) })),
          ],
        }),
      );
      return 'added';
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const [versionRefused, headRefused] = refusedWrites(error);
      if (versionRefused) return 'same-hash';
      if (headRefused) return 'head-moved';
      throw error;
    }
  }

  /** Replaces the grants on a path. False: it has other grants or another version than `seen` had. */
  async setGrants(workspace: string, seen: ScriptHead, extra_perms: Grants): Promise<boolean> {
    const was = seen.extra_perms;
    try {
      await this.#at.db.send(
        new UpdateItemCommand({
          TableName: this.#at.table,
          Key: marshall(scriptHeadKey(workspace, seen.path)),
          UpdateExpression: 'SET extra_perms = :next',
          ConditionExpression: `#hash = :hash AND ${grantsAre(was)}`,
          ExpressionAttributeNames: { '#hash': 'hash' },
          ExpressionAttributeValues: marshall({
            ':next': extra_perms,
            ':hash': seen.hash,
            ...(was === undefined ? {} : { ':was': was }),
          }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Archives a version, and the path with it while it is the head. Nothing happens to what is not there. */
  async archive(workspace: string, path: string, hash: string): Promise<void> {
    await this.#set(scriptVersionKey(workspace, hash), 'archived = :true', 'attribute_exists(pk)', {});
    await this.#set(scriptHeadKey(workspace, path), 'archived = :true', '#hash = :hash', { ':hash': { S: hash } });
  }

  /** Deletes one version's content for good; its hash stays as a mark. It cannot run any more. */
  async deleteVersion(workspace: string, path: string, hash: string): Promise<void> {
    await this.#set(
      scriptVersionKey(workspace, hash),
      'archived = :true, deleted = :true, content = :nothing',
      'attribute_exists(pk)',
      { ':nothing': { S: '' } },
    );
    await this.#set(scriptHeadKey(workspace, path), 'archived = :true', '#hash = :hash', { ':hash': { S: hash } });
  }

  /** Deletes a path with all its versions: head first, so that nothing new starts from it; doing it again is harmless. */
  async deletePath(workspace: string, path: string): Promise<void> {
    const history = await this.history(workspace, path);
    const keys = [
      scriptHeadKey(workspace, path),
      ...history.map((entry) => scriptVersionKey(workspace, entry.hash)),
      ...history.map((entry) => historyKey(workspace, path, entry.created_at, entry.hash)),
    ];
    const { db, table: TableName } = this.#at;
    for (let from = 0; from < keys.length; from += 100) {
      const TransactItems = keys.slice(from, from + 100).map((key) => ({ Delete: { TableName, Key: marshall(key) } }));
      await db.send(new TransactWriteItemsCommand({ TransactItems }));
    }
  }

  /** Heads of all paths that begin with `prefix`, in path order. */
  heads(workspace: string, prefix = ''): Promise<ScriptHead[]> {
    return readPartition(this.#at, scriptsPartition(workspace), ScriptHead, { prefix });
  }

  /** Scripts that import the one at a path themselves, and which version of each did so last. */
  importers(workspace: string, path: string): Promise<Importer[]> {
    return readPartition(this.#at, importersPartition(workspace, path), Importer, { consistent: true });
  }

  /** Versions of a path, newest first. */
  history(workspace: string, path: string, limit?: number): Promise<HistoryEntry[]> {
    return readPartition(this.#at, historyPartition(workspace, path), HistoryEntry, {
      newestFirst: true,
      ...(limit === undefined ? {} : { limit }),
    });
  }

  async #set(key: Key, set: string, condition: string, values: Record<string, { S: string }>): Promise<void> {
    try {
      await this.#at.db.send(
        new UpdateItemCommand({
          TableName: this.#at.table,
          Key: marshall(key),
          UpdateExpression: `SET ${set}`,
          ConditionExpression: condition,
          ...(condition.includes('#hash') ? { ExpressionAttributeNames: { '#hash': 'hash' } } : {}),
          ExpressionAttributeValues: { ':true': { BOOL: true }, ...values },
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
