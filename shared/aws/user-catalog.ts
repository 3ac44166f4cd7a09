import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { User } from '../model/user.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { membershipKey, USER_MEMBER_PREFIX, USERS, userKey, userListKey } from './catalog-keys.ts';

const Membership = z.object({ workspace: z.string(), username: z.string() });
export type Membership = z.infer<typeof Membership>;

/** What of a user may be changed; undefined leaves as it is. */
export type UserChange = Partial<Pick<User, 'super_admin' | 'disabled' | 'name' | 'password_hash'>>;

/** The users of the instance. */
export class UserCatalog {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  get(email: string): Promise<User | undefined> {
    return readItem(this.#at, userKey(email), User, true);
  }

  async list(): Promise<User[]> {
    const listed = await readPartition(this.#at, USERS, z.object({ email: z.string() }));
    const users = await Promise.all(listed.map(({ email }) => this.get(email)));
    return users.filter((user) => user !== undefined);
  }

  /** False: there is one of this email already, and he stays as he is. */
  async create(user: User): Promise<boolean> {
    const { db, table: TableName } = this.#at;
    try {
      await db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            {
              Put: {
                TableName,
                Item: catalogItem(userKey(user.email), user),
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
            { Put: { TableName, Item: catalogItem(userListKey(user.email), { email: user.email }) } },
          ],
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  }

  /** False: there is no such user. A user who is disabled has no good token any more, at once or within 5 s. */
  async change(email: string, change: UserChange): Promise<boolean> {
    const fields = Object.entries(change).filter(([, value]) => value !== undefined);
    if (fields.length === 0) return (await this.get(email)) !== undefined;
    try {
      await this.#at.db.send(
        new UpdateItemCommand({
          TableName: this.#at.table,
          Key: marshall(userKey(email)),
          UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall(Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value]))),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Removes the user himself: his tokens are good for nothing without him. His memberships are the caller's to remove. */
  async remove(email: string): Promise<void> {
    const { db, table: TableName } = this.#at;
    const TransactItems = [userKey(email), userListKey(email)].map((key) => ({
      Delete: { TableName, Key: marshall(key) },
    }));
    await db.send(new TransactWriteItemsCommand({ TransactItems }));
  }

  /** The workspaces he is a member of, with his name in each. */
  memberships(email: string): Promise<Membership[]> {
    return readPartition(this.#at, membershipKey(email, '').pk, Membership, { prefix: USER_MEMBER_PREFIX });
  }
}
