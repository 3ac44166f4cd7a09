import { standingOf } from '../../shared/access/standing.ts';
import type { MemberAnswer } from '../../shared/contracts/members.ts';
import type { Member, Roster } from '../../shared/model/roster.ts';

/** A member as the wire shows him. A disabled one keeps his name and has nothing. */
export const memberView = (roster: Roster, member: Member): MemberAnswer => {
  const { username, email, is_admin, operator, disabled } = member;
  const standing = standingOf(roster, { is: 'job', permissioned_as: `u/${username}`, email, super_admin: false });
  const folders = standing?.folders ?? [];
  return {
    workspace_id: roster.workspace,
    email,
    username,
    is_admin,
    is_super_admin: false,
    name: username,
    created_at: new Date(member.created_at).toISOString(),
    operator,
    disabled,
    groups: [...(standing?.groups ?? [])],
    folders: folders.filter(({ write }) => write).map(({ name }) => name),
    folders_read: folders.map(({ name }) => name),
    folders_owners: folders.filter(({ owner }) => owner).map(({ name }) => name),
  };
};
