import type { Delete, DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { administers, Member } from '../model/roster.ts';
import { type CatalogTable, catalogItem, readItem } from './catalog-items.ts';
import { formerKey, inviteKey, type Key, memberKey, membershipKey, userInviteKey } from './catalog-keys.ts';
import { writeTogether, writeWhileOneHolds } from './catalog-transaction.ts';

/** Two who change one member at once: the later one looks again, this often. */
const TRIES = 5;
const Revised = Member.extend({ rev: z.number().optional() });

/**
 * Changes of who is in a workspace, and as what. `heirs` are the names of other admins: a change that takes an admin away is
 * written only while one of them is an admin. Without `heirs`, nobody minds.
 */
export class MemberWrites {
  readonly #at: CatalogTable;
  readonly #changed: (workspace: string) => void;

  /** `changed` is told of each workspace that was written, so that this process does not answer from memory. */
  constructor(db: DynamoDBClient, table: string, changed: (workspace: string) => void) {
    this.#at = { db, table };
    this.#changed = changed;
  }

  /** By an admin, who may give a name away again. Whoever was invited is not any more. False: the name or the email is in the workspace already. */
  async add(workspace: string, member: Member): Promise<boolean> {
    const { username, email } = member;
    const refused = await writeTogether(this.#at, [
      this.#put(memberKey(workspace, username), member, 'attribute_not_exists(pk)'),
      this.#put(membershipKey(email, workspace), { workspace, username }, 'attribute_not_exists(pk)'),
      this.#delete(inviteKey(workspace, email)),
      this.#delete(userInviteKey(email, workspace)),
      this.#delete(formerKey(workspace, memberKey(workspace, username))),
    ]);
    this.#changed(workspace);
    return refused.length === 0;
  }

  /**
   * His name stays his: things at his paths and grants on single things still name him. False: he is the last admin. Removing
   * nobody is harmless.
   */
  async remove(
    workspace: string,
    { username, email }: Pick<Member, 'username' | 'email'>,
    heirs?: readonly string[],
  ): Promise<boolean> {
    const member = this.#delete(memberKey(workspace, username));
    const membership = this.#delete(membershipKey(email, workspace));
    const former = {
      Put: {
        TableName: this.#at.table,
        Item: catalogItem(formerKey(workspace, memberKey(workspace, username)), { email }),
      },
    };
    const removed =
      heirs === undefined
        ? (await writeTogether(this.#at, [member, membership, former])).length === 0
        : (await writeTogether(this.#at, [unlessAdmin(member), membership, former])).length === 0 ||
          (await writeWhileOneHolds(this.#at, this.#admins(workspace, heirs), [member, membership, former])) ===
            'written';
    this.#changed(workspace);
    return removed;
  }

  /** `change` may be called again when somebody else changed him meanwhile. */
  async change(
    workspace: string,
    username: string,
    change: (member: Member) => Member,
    heirs?: readonly string[],
  ): Promise<'changed' | 'missing' | 'last admin'> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const known = await readItem(this.#at, memberKey(workspace, username), Revised, true);
      if (known === undefined) return 'missing';
      const { rev = 0, ...member } = known;
      const next = change(member);
      const write = this.#revise(memberKey(workspace, username), next, rev);
      const guarded = heirs !== undefined && administers(member) && !administers(next);
      const outcome = guarded
        ? await writeWhileOneHolds(this.#at, this.#admins(workspace, heirs), [write])
        : (await writeTogether(this.#at, [write])).length === 0
          ? 'written'
          : 'refused';
      if (outcome === 'none holds') return 'last admin';
      this.#changed(workspace);
      if (outcome === 'written') return 'changed';
    }
    throw new Error('a member is changed too often at once');
  }

  #admins(workspace: string, names: readonly string[]): TransactWriteItem[] {
    return names.map((name) => ({
      ConditionCheck: {
        TableName: this.#at.table,
        Key: marshall(memberKey(workspace, name)),
        ConditionExpression: 'is_admin = :yes AND disabled = :no',
        ExpressionAttributeValues: marshall({ ':yes': true, ':no': false }),
      },
    }));
  }

  #revise(key: Key, member: Member, rev: number): TransactWriteItem {
    const next = { ...member, rev: rev + 1 };
    if (rev === 0) return this.#put(key, next, 'attribute_exists(pk) AND attribute_not_exists(rev)');
    const { Put } = this.#put(key, next, 'rev = :rev');
    return { Put: { ...Put, ExpressionAttributeValues: marshall({ ':rev': rev }) } };
  }

  #put(key: Key, value: object, ConditionExpression: string) {
    return { Put: { TableName: this.#at.table, Item: catalogItem(key, value), ConditionExpression } };
  }

  #delete(key: Key) {
    return { Delete: { TableName: this.#at.table, Key: marshall(key) } };
  }
}

const unlessAdmin = (removal: { Delete: Delete }): TransactWriteItem => ({
  Delete: {
    ...removal.Delete,
    ConditionExpression: 'attribute_not_exists(pk) OR is_admin = :no OR disabled = :yes',
    ExpressionAttributeValues: marshall({ ':no': false, ':yes': true }),
  },
});
