import type { Principal } from '../../shared/access/principal.ts';
import { scopesAllow } from '../../shared/access/scopes.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { AuditTrail, MaskStore, ValueReads } from '../../shared/jobs/value-ports.ts';
import { Problem } from '../../shared/model/errors.ts';

export type TellDeps = { masks: Pick<MaskStore, 'add'>; audit: AuditTrail };
export type Asker = { principal: Principal; standing: Standing; now: number };
/** The text of a secret, and the path of the variable that it is from. */
export type Secret = { path: string; text: string };

/**
 * What must be done before secrets are answered: the log of a job that asks masks them from now on, and the audit log says
 * who was told. Throws 401 when the job's attempt is over.
 */
export const beforeTelling = async (
  deps: TellDeps,
  { principal, standing, now }: Asker,
  secrets: readonly Secret[],
): Promise<void> => {
  if (secrets.length === 0) return;
  if (principal.kind === 'job') {
    const { workspace, job_id: id, attempt } = principal;
    const texts = [...new Set(secrets.map(({ text }) => text))];
    if (!(await deps.masks.add({ workspace, id }, attempt, texts)))
      throw new Problem(401, 'Unauthorized: the attempt that this token was for is over');
  }
  for (const resource of new Set(secrets.map(({ path }) => path)))
    await deps.audit.append({
      workspace: standing.workspace,
      timestamp: now,
      username: standing.username,
      email: principal.email,
      operation: 'variables.decrypt_secret',
      action_kind: 'Execute',
      resource,
      ...(principal.kind === 'job' ? { job: principal.job_id } : {}),
    });
};

/** `reads` for a token with scopes: what a value refers to must be in them as well. */
export const scopedReads = (reads: ValueReads, principal: Principal): ValueReads => {
  const scopes = principal.kind === 'user' ? principal.scopes : undefined;
  if (scopes === undefined) return reads;
  const check = (domain: 'variables' | 'resources', path: string): void => {
    if (!scopesAllow(scopes, { domain, action: 'read', path }))
      throw new Problem(403, `Permission denied: the scopes of this token do not include ${domain}:read:${path}`);
  };
  return {
    variable: async (standing, path) => {
      check('variables', path);
      return reads.variable(standing, path);
    },
    resource: async (standing, path) => {
      check('resources', path);
      return reads.resource(standing, path);
    },
  };
};
