import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { administersInstance, User } from '../model/user.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { membershipKey, USER_MEMBER_PREFIX, USERS, userKey, userListKey } from './catalog-keys.ts';
import { writeTogether, writeWhileOneHolds } from './catalog-transaction.ts';

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
    const { table: TableName } = this.#at;
    const Item = catalogItem(userKey(user.email), user);
    const outcome = await this.#write([
      { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } },
      { Put: { TableName, Item: catalogItem(userListKey(user.email), { email: user.email }) } },
    ]);
    return outcome === 'written';
  }

  /** A user who is disabled has no good token any more, at once or within 5 s. The last superadmin stays one. */
  async change(email: string, change: UserChange): Promise<'changed' | 'missing' | 'last superadmin'> {
    const fields = Object.entries(change).filter(([, value]) => value !== undefined);
    const user = await this.get(email);
    if (user === undefined) return 'missing';
    if (fields.length === 0) return 'changed';
    const Update = {
      TableName: this.#at.table,
      Key: marshall(userKey(email)),
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: marshall(Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value]))),
    };
    const ends = change.super_admin === false || change.disabled === true;
    const outcome = ends ? await this.#unlessLast(email, [{ Update }]) : await this.#write([{ Update }]);
    return outcome === 'refused' ? 'missing' : outcome === 'none holds' ? 'last superadmin' : 'changed';
  }

  /**
   * Removes the user himself: his tokens are good for nothing without him. His memberships are the caller's to remove. False:
   * he is the last superadmin.
   */
  async remove(email: string): Promise<boolean> {
    const writes = [userKey(email), userListKey(email)].map((key) => ({
      Delete: { TableName: this.#at.table, Key: marshall(key) },
    }));
    return (await this.#unlessLast(email, writes)) !== 'none holds';
  }

  /** True: without him nobody could administer the instance. */
  async isLastSuperadmin(email: string): Promise<boolean> {
    const user = await this.get(email);
    return user !== undefined && administersInstance(user) && (await this.#otherSuperadmins(email)).length === 0;
  }

  async #otherSuperadmins(email: string): Promise<string[]> {
    const others = (await this.list()).filter((user) => user.email !== email && administersInstance(user));
    return others.map((user) => user.email);
  }

  async #write(writes: TransactWriteItem[]): Promise<'written' | 'refused'> {
    return (await writeTogether(this.#at, writes)).length === 0 ? 'written' : 'refused';
  }

  #isSuperadmin(email: string): TransactWriteItem {
    return {
      ConditionCheck: {
        TableName: this.#at.table,
        Key: marshall(userKey(email)),
        ConditionExpression: 'super_admin = :yes AND (attribute_not_exists(disabled) OR disabled = :no)',
        ExpressionAttributeValues: marshall({ ':yes': true, ':no': false }),
      },
    };
  }

  /** Writes what ends a user's being superadmin, if he is one: only while there is another. */
  async #unlessLast(email: string, writes: TransactWriteItem[]): Promise<'written' | 'refused' | 'none holds'> {
    const user = await this.get(email);
    if (user === undefined || !administersInstance(user)) return this.#write(writes);
    const witnesses = (await this.#otherSuperadmins(email)).map((other) => this.#isSuperadmin(other));
    return writeWhileOneHolds(this.#at, witnesses, writes);
  }

  /** The workspaces he is a member of, with his name in each. */
  memberships(email: string): Promise<Membership[]> {
    return readPartition(this.#at, membershipKey(email, '').pk, Membership, { prefix: USER_MEMBER_PREFIX });
  }
}
