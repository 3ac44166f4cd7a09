import type { MemberWrites } from '../../shared/aws/member-writes.ts';
import type { RosterReads } from '../../shared/aws/roster-reads.ts';
import type { RosterWrites } from '../../shared/aws/roster-writes.ts';
import { notFound } from '../../shared/model/errors.ts';
import type { Roster } from '../../shared/model/roster.ts';

export type RosterDeps = { rosters: Pick<RosterReads, 'read' | 'latest'>; members: MemberWrites; writes: RosterWrites };

/** The roster as it stands, for whoever changes or shows it. */
export const rosterOf = async (
  deps: { rosters: Pick<RosterReads, 'latest'> },
  workspace: string,
  now: number,
): Promise<Roster> => {
  const roster = await deps.rosters.latest(workspace, now);
  if (roster === undefined) throw notFound(`workspace ${workspace} does not exist`);
  return roster;
};
