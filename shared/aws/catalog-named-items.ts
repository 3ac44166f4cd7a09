import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { z } from 'zod';
import { type CatalogTable, catalogItem, readItem, readPartition, refusedWrites } from './catalog-items.ts';
import type { Key } from './catalog-keys.ts';

const NEW = 'attribute_not_exists(pk)';

/** How one kind of items is kept: one partition a workspace, sorted by name (a path, for most). */
type Kind<T> = { partition: (workspace: string) => string; nameOf: (item: T) => string; schema: z.ZodType<T> };

/** Items of one kind that have a name in their workspace and a `rev` that grows with every change. */
export class NamedItems<T extends { rev: number }> {
  readonly #at: CatalogTable;
  readonly #kind: Kind<T>;

  constructor(db: DynamoDBClient, table: string, kind: Kind<T>) {
    this.#at = { db, table };
    this.#kind = kind;
  }

  /** A strongly consistent read. */
  get(workspace: string, name: string): Promise<T | undefined> {
    return readItem(this.#at, this.#key(workspace, name), this.#kind.schema, true);
  }

  /** Those whose names begin with `prefix`, in the order of names, within 20 MB. */
  list(workspace: string, prefix = ''): Promise<T[]> {
    return readPartition(this.#at, this.#kind.partition(workspace), this.#kind.schema, { prefix });
  }

  /** False: the name is taken. */
  async create(workspace: string, item: T): Promise<boolean> {
    return this.#unlessRefused(
      new PutItemCommand({
        TableName: this.#at.table,
        Item: catalogItem(this.#key(workspace, this.#kind.nameOf(item)), item),
        ConditionExpression: NEW,
      }),
    );
  }

  /**
   * Puts `next` in the place of `seen`, under another name if it has one: then both or neither. `moved`: somebody changed
   * or removed it meanwhile; `taken`: there is another one of that name.
   */
  async replace(workspace: string, seen: T, next: T): Promise<'replaced' | 'moved' | 'taken'> {
    const { table: TableName } = this.#at;
    const from = this.#key(workspace, this.#kind.nameOf(seen));
    const to = this.#key(workspace, this.#kind.nameOf(next));
    const unchanged = {
      ConditionExpression: 'rev = :rev',
      ExpressionAttributeValues: { ':rev': { N: String(seen.rev) } },
    };
    const Item = catalogItem(to, next);
    if (from.sk === to.sk)
      return (await this.#unlessRefused(new PutItemCommand({ TableName, Item, ...unchanged }))) ? 'replaced' : 'moved';
    try {
      await this.#at.db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item, ConditionExpression: NEW } },
            { Delete: { TableName, Key: marshall(from), ...unchanged } },
          ],
        }),
      );
      return 'replaced';
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const [taken, moved] = refusedWrites(error);
      if (taken) return 'taken';
      if (moved) return 'moved';
      throw error;
    }
  }

  /** False: there is none, or it is another than `seen` by now. */
  async remove(workspace: string, seen: T): Promise<boolean> {
    return this.#unlessRefused(
      new DeleteItemCommand({
        TableName: this.#at.table,
        Key: marshall(this.#key(workspace, this.#kind.nameOf(seen))),
        ConditionExpression: 'rev = :rev',
        ExpressionAttributeValues: { ':rev': { N: String(seen.rev) } },
      }),
    );
  }

  #key(workspace: string, name: string): Key {
    return { pk: this.#kind.partition(workspace), sk: name };
  }

  async #unlessRefused(command: PutItemCommand | DeleteItemCommand): Promise<boolean> {
    try {
      await (command instanceof PutItemCommand ? this.#at.db.send(command) : this.#at.db.send(command));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
