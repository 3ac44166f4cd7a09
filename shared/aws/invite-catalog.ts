import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Invite } from '../model/invite.ts';
import type { Member } from '../model/roster.ts';
import { type CatalogTable, catalogItem, readItem, readPartition } from './catalog-items.ts';
import {
  formerKey,
  inviteKey,
  invitesPartition,
  type Key,
  memberKey,
  membershipKey,
  USER_INVITE_PREFIX,
  userInviteKey,
  workspaceStateKey,
} from './catalog-keys.ts';
import { writeTogether } from './catalog-transaction.ts';

/** What came of accepting. `gone`: withdrawn or accepted meanwhile, or its role was changed. */
type Accepted = 'accepted' | 'gone' | 'name taken' | 'member already' | 'archived';

/** By the position of the condition that did not hold. */
const REFUSALS: readonly Accepted[] = ['gone', 'gone', 'archived', 'name taken', 'name taken', 'member already'];

/** Invitations to workspaces: each stands with its invitee and with its workspace, in both or in neither. */
export class InviteCatalog {
  readonly #at: CatalogTable;
  readonly #changed: (workspace: string) => void;

  /** `changed` is told of each workspace that got a member, so that this process does not answer from memory. */
  constructor(db: DynamoDBClient, table: string, changed: (workspace: string) => void) {
    this.#at = { db, table };
    this.#changed = changed;
  }

  /** Makes an invitation, or gives it another role. False: who is invited is a member already. */
  async put(invite: Invite): Promise<boolean> {
    const { workspace, email } = invite;
    const refused = await writeTogether(this.#at, [
      {
        ConditionCheck: {
          ...this.#of(membershipKey(email, workspace)),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      { Put: { TableName: this.#at.table, Item: catalogItem(inviteKey(workspace, email), invite) } },
      { Put: { TableName: this.#at.table, Item: catalogItem(userInviteKey(email, workspace), invite) } },
    ]);
    return refused.length === 0;
  }

  get(email: string, workspace: string): Promise<Invite | undefined> {
    return readItem(this.#at, userInviteKey(email, workspace), Invite, true);
  }

  ofEmail(email: string): Promise<Invite[]> {
    return readPartition(this.#at, userInviteKey(email, '').pk, Invite, { prefix: USER_INVITE_PREFIX });
  }

  ofWorkspace(workspace: string): Promise<Invite[]> {
    return readPartition(this.#at, invitesPartition(workspace), Invite);
  }

  /** False: there was none. */
  async remove(email: string, workspace: string): Promise<boolean> {
    const refused = await writeTogether(this.#at, [
      { Delete: { ...this.#of(userInviteKey(email, workspace)), ConditionExpression: 'attribute_exists(pk)' } },
      { Delete: this.#of(inviteKey(workspace, email)) },
    ]);
    return refused.length === 0;
  }

  /** The invitation ends and the member begins in one write: an invitation is accepted once, with the role it has then. */
  async accept(invite: Invite, member: Member): Promise<Accepted> {
    const { workspace, email } = invite;
    const refused = await writeTogether(this.#at, [
      ...[userInviteKey(email, workspace), inviteKey(workspace, email)].map((key) => ({
        Delete: {
          ...this.#of(key),
          ConditionExpression: 'is_admin = :is_admin AND #operator = :operator',
          ExpressionAttributeNames: { '#operator': 'operator' },
          ExpressionAttributeValues: marshall({ ':is_admin': invite.is_admin, ':operator': invite.operator }),
        },
      })),
      {
        ConditionCheck: {
          ...this.#of(workspaceStateKey(workspace)),
          ConditionExpression: 'archived = :no',
          ExpressionAttributeValues: marshall({ ':no': false }),
        },
      },
      {
        // Whoever had the name may have left things and grants that name it: only he takes it up again by himself.
        ConditionCheck: {
          ...this.#of(formerKey(workspace, memberKey(workspace, member.username))),
          ConditionExpression: 'attribute_not_exists(pk) OR email = :email',
          ExpressionAttributeValues: marshall({ ':email': email }),
        },
      },
      this.#new(memberKey(workspace, member.username), member),
      this.#new(membershipKey(email, workspace), { workspace, username: member.username }),
    ]);
    this.#changed(workspace);
    return refused.length === 0 ? 'accepted' : (REFUSALS[refused.indexOf(true)] ?? 'gone');
  }

  #of(key: Key): { TableName: string; Key: ReturnType<typeof catalogItem> } {
    return { TableName: this.#at.table, Key: marshall(key) };
  }

  #new(key: Key, value: object): TransactWriteItem {
    const Item = catalogItem(key, value);
    return { Put: { TableName: this.#at.table, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
  }
}
