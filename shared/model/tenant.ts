import { z } from 'zod';
import type { Job } from './job.ts';

/** Who may meet what a job left behind: later jobs of the same identity, or only later runs of the same version. */
export const Isolation = z.enum(['identity', 'script'], { error: 'must be identity or script' });
export type Isolation = z.infer<typeof Isolation>;

/** The job and what was set about isolation: by its script, and by its workspace for scripts that say nothing. */
export type Tenancy = {
  job: Pick<Job, 'workspace' | 'id' | 'permissioned_as' | 'kind' | 'hash'>;
  /** What runs. */
  code: string;
  script: Isolation | undefined;
  workspace: Isolation | undefined;
};

/**
 * Whose environments may run a job: equal texts share them, and different identities or workspaces never do. Code of a
 * request, and whatever runs as a group, is kept apart by its code too, unless the script itself says otherwise: several
 * people stand behind a group, and nobody has looked at code of a request.
 */
export const tenantOf = ({ job, code, script, workspace }: Tenancy): string => {
  // A package that is built runs its author's code: what that left behind may spoil no other lock.
  if (job.kind === 'dependencies')
    return JSON.stringify([job.workspace, job.permissioned_as, 'dependencies', job.hash ?? job.id]);
  const usual = job.kind === 'preview' || job.permissioned_as.startsWith('g/') ? 'script' : (workspace ?? 'identity');
  const apart = (script ?? usual) === 'script' ? (job.hash ?? code) : '';
  return JSON.stringify([job.workspace, job.permissioned_as, apart]);
};
