import { mayRead } from '../access/item-rights.ts';
import type { Rosters } from '../access/principal.ts';
import { standingOf } from '../access/standing.ts';
import type { Job } from '../model/job.ts';

/** What deciding at a job's start whether it may still run looks at. */
export type StillAllowedDeps = {
  rosters: Rosters;
  /** True while the email is a superadmin's who is not disabled. */
  isSuperadmin: (email: string) => Promise<boolean>;
  /** The grants on a script's path. */
  grants: (workspace: string, path: string) => Promise<Record<string, boolean>>;
};

/**
 * Asks again, when a job starts, what was asked when it was launched: a right withdrawn meanwhile is withdrawn, however long
 * the job was queued. Answers what is wrong, or undefined. Membership is at most 5 s old.
 */
export const stillAllowed = async (deps: StillAllowedDeps, job: Job, now: number): Promise<string | undefined> => {
  const { permissioned_as, email, workspace } = job;
  const roster = await deps.rosters.read(workspace, now);
  if (roster === undefined) return `workspace ${workspace} does not exist any more`;
  if (roster.archived) return `workspace ${workspace} is archived`;
  const super_admin = permissioned_as === email && (await deps.isSuperadmin(email));
  const standing = standingOf(roster, { is: 'job', permissioned_as, email, super_admin });
  if (standing === undefined) return `${permissioned_as} is not in workspace ${workspace} any more, or is disabled`;
  if (permissioned_as.startsWith('g/') && email !== standing.email) {
    const launcher = standingOf(roster, { is: 'member', email, super_admin: await deps.isSuperadmin(email) });
    if (launcher?.groups.includes(permissioned_as.slice(2)) !== true)
      return `${email}, who launched it, is not a member of ${permissioned_as} any more`;
  }
  if (job.kind !== 'script' || job.path === undefined || mayRead(standing, job.path)) return undefined;
  return mayRead(standing, job.path, await deps.grants(workspace, job.path))
    ? undefined
    : `${permissioned_as} may not run ${job.path} any more`;
};
