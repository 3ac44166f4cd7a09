import { type DynamoDBClient, TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { WorkspaceDirectory } from '../access/principal.ts';
import { Workspace } from '../model/workspace.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { memberKey, WORKSPACES, workspaceKey } from './catalog-keys.ts';

/** A workspace that was there is taken to be there for so long. */
const THERE_FOR_MS = 5_000;

/** The workspaces. */
export class WorkspaceCatalog implements WorkspaceDirectory {
  readonly #at: CatalogTable;
  readonly #seen = new Map<string, number>();

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  list(): Promise<Workspace[]> {
    return readPartition(this.#at, WORKSPACES, Workspace);
  }

  get(id: string): Promise<Workspace | undefined> {
    return readItem(this.#at, workspaceKey(id), Workspace, true);
  }

  /** Remembers what is there for 5 s, and never what is not: a workspace just made is there at once. */
  async exists(id: string, now: number): Promise<boolean> {
    if ((this.#seen.get(id) ?? 0) > now) return true;
    const there = (await this.get(id)) !== undefined;
    if (there) this.#seen.set(id, now + THERE_FOR_MS);
    return there;
  }

  /** Makes the workspace with its owner as first member. False when the id is taken. */
  async create(workspace: Workspace, owner: { username: string }): Promise<boolean> {
    const member = {
      username: owner.username,
      email: workspace.owner,
      is_admin: true,
      created_at: workspace.created_at,
    };
    const { db, table: TableName } = this.#at;
    const ConditionExpression = 'attribute_not_exists(pk)';
    try {
      await db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: catalogItem(workspaceKey(workspace.id), workspace), ConditionExpression } },
            { Put: { TableName, Item: catalogItem(memberKey(workspace.id, owner.username), member) } },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  }
}
