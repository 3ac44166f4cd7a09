import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TokenStore, UserPrincipal } from '../access/principal.ts';
import { isAlive, StoredToken } from '../model/token.ts';
import { User } from '../model/user.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { type Key, tokenKey, USER_TOKEN_PREFIX, userKey, userTokenKey } from './catalog-keys.ts';
import { writeTogether } from './catalog-transaction.ts';

/** What of a token may be changed; undefined takes it away. */
type TokenChange = { field: 'scopes'; value: string[] | undefined } | { field: 'label'; value: string | undefined };

/** Tokens by the SHA-256 of their text, which is nowhere stored, and the users they belong to. */
export class TokenCatalog implements TokenStore {
  readonly #at: CatalogTable;

  constructor(db: DynamoDBClient, table: string) {
    this.#at = { db, table };
  }

  async find(sha256: string, now: number): Promise<UserPrincipal | undefined> {
    const token = await readItem(this.#at, tokenKey(sha256), StoredToken);
    if (token === undefined || !isAlive(token, now)) return undefined;
    // A token is never more than its user is now: one who is gone or disabled has none.
    const user = await this.user(token.email);
    if (user === undefined || user.disabled === true) return undefined;
    return {
      kind: 'user',
      email: user.email,
      username: user.username,
      super_admin: user.super_admin,
      ...(token.workspace === undefined ? {} : { workspace: token.workspace }),
      ...(token.read_only === undefined ? {} : { read_only: token.read_only }),
      ...(token.scopes === undefined ? {} : { scopes: token.scopes }),
    };
  }

  /** Stores a token and its entry in the owner's list, both or neither. */
  async create(token: StoredToken): Promise<void> {
    await this.#all([
      this.#put(tokenKey(token.hash), token),
      this.#put(userTokenKey(token.email, token.prefix), token),
    ]);
  }

  /** True while the user is a superadmin and not disabled. */
  async isSuperadmin(email: string): Promise<boolean> {
    const user = await this.user(email);
    return user?.super_admin === true && user.disabled !== true;
  }

  user(email: string): Promise<User | undefined> {
    return readItem(this.#at, userKey(email), User);
  }

  /** The owner's tokens, expired ones too. */
  list(email: string): Promise<StoredToken[]> {
    return readPartition(this.#at, userKey(email).pk, StoredToken, { prefix: USER_TOKEN_PREFIX });
  }

  /** Revokes a token: it is refused everywhere within 5 s. False when the owner has none that begins so. */
  async revoke(email: string, prefix: string): Promise<boolean> {
    const listed = await readItem(this.#at, userTokenKey(email, prefix), StoredToken, true);
    if (listed === undefined) return false;
    const { db, table: TableName } = this.#at;
    const keys = [tokenKey(listed.hash), userTokenKey(email, prefix)];
    const TransactItems = keys.map((key) => ({ Delete: { TableName, Key: marshall(key) } }));
    await db.send(new TransactWriteItemsCommand({ TransactItems }));
    return true;
  }

  /** The token of this SHA-256, whoever's it is; expired ones too. */
  read(sha256: string): Promise<StoredToken | undefined> {
    return readItem(this.#at, tokenKey(sha256), StoredToken, true);
  }

  /** Changes a token. False when the owner has none that begins so. */
  async change(email: string, prefix: string, { field, value }: TokenChange): Promise<boolean> {
    const listed = await readItem(this.#at, userTokenKey(email, prefix), StoredToken, true);
    if (listed === undefined) return false;
    const { table: TableName } = this.#at;
    const ExpressionAttributeNames = { '#field': field };
    const write =
      value === undefined
        ? { UpdateExpression: 'REMOVE #field', ExpressionAttributeNames }
        : {
            UpdateExpression: 'SET #field = :value',
            ExpressionAttributeNames,
            ExpressionAttributeValues: marshall({ ':value': value }),
          };
    return this.#all(
      [tokenKey(listed.hash), userTokenKey(email, prefix)].map((key) => ({
        Update: { TableName, Key: marshall(key), ConditionExpression: 'attribute_exists(pk)', ...write },
      })),
    );
  }

  /** Puts `next` in the place of `old`, both or neither. False when the old one was revoked or replaced meanwhile. */
  replace(old: StoredToken, next: StoredToken): Promise<boolean> {
    const { table: TableName } = this.#at;
    const ConditionExpression = 'attribute_exists(pk)';
    return this.#all([
      { Delete: { TableName, Key: marshall(tokenKey(old.hash)), ConditionExpression } },
      { Delete: { TableName, Key: marshall(userTokenKey(old.email, old.prefix)), ConditionExpression } },
      this.#put(tokenKey(next.hash), next),
      this.#put(userTokenKey(next.email, next.prefix), next),
    ]);
  }

  #put(key: Key, token: StoredToken, condition?: string): TransactWriteItem {
    const { table: TableName } = this.#at;
    const Item = catalogItem(key, token);
    return { Put: { TableName, Item, ...(condition === undefined ? {} : { ConditionExpression: condition }) } };
  }

  /** False: one of the conditions did not hold, and nothing was written. */
  async #all(writes: TransactWriteItem[]): Promise<boolean> {
    return (await writeTogether(this.#at, writes)).length === 0;
  }
}
