import { mayRead } from '../access/item-rights.ts';
import type { Rosters } from '../access/principal.ts';
import { type Standing, standingOf } from '../access/standing.ts';
import type { Job } from '../model/job.ts';
import { mayUseTag, tagRefusal } from '../model/tags.ts';
import type { Isolation } from '../model/tenant.ts';

/** What deciding at a job's start whether it may still run looks at. */
export type StillAllowedDeps = {
  rosters: Rosters;
  /** True while the email is a superadmin's who is not disabled. */
  isSuperadmin: (email: string) => Promise<boolean>;
  /** The grants on a script's path. */
  grants: (workspace: string, path: string) => Promise<Record<string, boolean>>;
  /** The setting `custom_tags`, at most 60 s old. */
  customTags: (now: number) => Promise<readonly string[]>;
};

/**
 * What the job is in its workspace now, with which its references are followed, and the workspace's setting of isolation; or
 * why it may not run.
 */
export type Allowed = { standing: Standing; isolation: Isolation | undefined } | { refused: string };

/**
 * Asks again, when a job starts, what was asked when it was launched: a right withdrawn meanwhile is withdrawn, however long
 * the job was queued. Membership is at most 1 s old. Whatever started the job, here is where its tag must be one that its
 * workspace may use.
 * A job in the name of a group stands on two feet: the group must be there, and whoever launched it must still be its
 * member and see the script (the group itself need not).
 */
export const stillAllowed = async (deps: StillAllowedDeps, job: Job, now: number): Promise<Allowed> => {
  const { permissioned_as, email, workspace } = job;
  const roster = await deps.rosters.read(workspace, now, true);
  if (roster === undefined) return { refused: `workspace ${workspace} does not exist any more` };
  if (roster.archived) return { refused: `workspace ${workspace} is archived` };
  if (!mayUseTag(await deps.customTags(now), workspace, job.tag)) return { refused: tagRefusal(workspace, job.tag) };
  const super_admin = permissioned_as === email && (await deps.isSuperadmin(email));
  const standing = standingOf(roster, { is: 'job', permissioned_as, email, super_admin });
  if (standing === undefined)
    return { refused: `${permissioned_as} is not in workspace ${workspace} any more, or is disabled` };
  let runner = standing;
  if (permissioned_as.startsWith('g/') && email !== standing.email) {
    const launcher = standingOf(roster, { is: 'member', email, super_admin: await deps.isSuperadmin(email) });
    if (launcher?.groups.includes(permissioned_as.slice(2)) !== true)
      return { refused: `${email}, who launched it, is not a member of ${permissioned_as} any more` };
    runner = launcher;
  }
  const { isolation } = roster;
  if (job.kind !== 'script' || job.path === undefined || mayRead(runner, job.path)) return { standing, isolation };
  return mayRead(runner, job.path, await deps.grants(workspace, job.path))
    ? { standing, isolation }
    : { refused: `${runner.permissioned_as} may not run ${job.path} any more` };
};
