import { type DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TokenStore, UserPrincipal } from '../access/principal.ts';
import { isAlive, StoredToken } from '../model/token.ts';
import { User } from '../model/user.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import { tokenKey, USER_TOKEN_PREFIX, userKey, userTokenKey } from './catalog-keys.ts';

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
    await this.#write([
      catalogItem(tokenKey(token.hash), token),
      catalogItem(userTokenKey(token.email, token.prefix), token),
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

  async #write(items: ReturnType<typeof catalogItem>[]): Promise<void> {
    const { db, table: TableName } = this.#at;
    await db.send(
      new TransactWriteItemsCommand({ TransactItems: items.map((Item) => ({ Put: { TableName, Item } })) }),
    );
  }
}
