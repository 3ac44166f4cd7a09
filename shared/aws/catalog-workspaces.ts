import { type DynamoDBClient, TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Member } from '../model/roster.ts';
import { Workspace } from '../model/workspace.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { memberKey, membershipKey, WORKSPACES, workspaceKey, workspaceStateKey } from './catalog-keys.ts';
import { writeTogether } from './catalog-transaction.ts';

/** The workspaces. */
export class WorkspaceCatalog {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  list(): Promise<Workspace[]> {
    return readPartition(this.#at, WORKSPACES, Workspace);
  }

  get(id: string): Promise<Workspace | undefined> {
    return readItem(this.#at, workspaceKey(id), Workspace, true);
  }

  /** False: there is none. */
  async rename(id: string, name: string): Promise<boolean> {
    const { table: TableName } = this.#at;
    const refused = await writeTogether(this.#at, [
      {
        Update: {
          TableName,
          Key: marshall(workspaceKey(id)),
          UpdateExpression: 'SET #name = :name',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: { '#name': 'name' },
          ExpressionAttributeValues: marshall({ ':name': name }),
        },
      },
    ]);
    return refused.length === 0;
  }

  /** Makes the workspace with its owner as first member and admin. False when the id is taken. */
  async create(workspace: Workspace, owner: { username: string }): Promise<boolean> {
    const member: Member = {
      username: owner.username,
      email: workspace.owner,
      is_admin: true,
      operator: false,
      disabled: false,
      created_at: workspace.created_at,
    };
    const membership = { workspace: workspace.id, username: owner.username };
    const { db, table: TableName } = this.#at;
    const ConditionExpression = 'attribute_not_exists(pk)';
    try {
      await db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: catalogItem(workspaceKey(workspace.id), workspace), ConditionExpression } },
            { Put: { TableName, Item: catalogItem(workspaceStateKey(workspace.id), { archived: false }) } },
            { Put: { TableName, Item: catalogItem(memberKey(workspace.id, owner.username), member) } },
            { Put: { TableName, Item: catalogItem(membershipKey(workspace.owner, workspace.id), membership) } },
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
