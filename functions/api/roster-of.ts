import type { Rosters } from '../../shared/access/principal.ts';
import type { MemberWrites } from '../../shared/aws/member-writes.ts';
import type { RosterWrites } from '../../shared/aws/roster-writes.ts';
import { notFound } from '../../shared/model/errors.ts';
import type { Roster } from '../../shared/model/roster.ts';

export type RosterDeps = { rosters: Rosters; members: MemberWrites; writes: RosterWrites };

/** The roster as it stands, for whoever changes or shows it. */
export const rosterOf = async (deps: Pick<RosterDeps, 'rosters'>, workspace: string, now: number): Promise<Roster> => {
  const roster = await deps.rosters.read(workspace, now, true);
  if (roster === undefined) throw notFound(`workspace ${workspace} does not exist`);
  return roster;
};
