import { mayRead } from './item-rights.ts';
import type { Standing } from './standing.ts';

/** What deciding about a job's visibility looks at. `created_by` is a user name; `path` what the job runs. */
export type VisibleJob = {
  created_by: string;
  permissioned_as: string;
  visible_to_owner: boolean;
  path?: string | undefined;
};

/** By what somebody looks at a job: by what he is in the workspace, by a link to a job, or by both. */
export type Sight = { standing?: Standing | undefined; link?: string | undefined };

/**
 * Whether a job may be seen (reference 2.3): by admins, by whoever it ran as or launched it, by the members of its
 * group, and, unless it is invisible to its owner, by whoever may read at its path. Grants on single items show the
 * item, not its runs.
 */
export const maySeeJob = (standing: Standing, job: VisibleJob): boolean =>
  standing.is_admin ||
  job.permissioned_as === standing.permissioned_as ||
  job.created_by === standing.username ||
  (job.permissioned_as.startsWith('g/') && standing.groups.includes(job.permissioned_as.slice(2))) ||
  (job.visible_to_owner && job.path !== undefined && mayRead({ ...standing, is_admin: false }, job.path));

/** Whether the job itself is shown; a job is also shown by whatever shows one that it belongs to. */
export const isShown = (sight: Sight, job: VisibleJob & { id: string }): boolean =>
  job.id === sight.link || (sight.standing !== undefined && maySeeJob(sight.standing, job));
