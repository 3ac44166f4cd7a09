import type { AttemptTokenVerifier, ControlPrincipal, JobPrincipal } from '../access/principal.ts';
import type { JobStore } from '../jobs/ports.ts';
import { type AttemptClaims, JOB_TOKEN_PREFIX } from '../model/attempt-claims.ts';
import { checkAttemptToken } from './attempt-token-check.ts';
import type { TokenCatalog } from './catalog-tokens.ts';
import type { InstanceStore } from './instance.ts';

/** Checks the tokens of attempts by the instance's public keys, and WM_TOKEN by one consistent read of its job as well. */
export class AwsAttemptVerifier implements AttemptTokenVerifier {
  readonly #instance: InstanceStore;
  readonly #jobs: JobStore;
  readonly #users: Pick<TokenCatalog, 'isSuperadmin'>;

  constructor(instance: InstanceStore, jobs: JobStore, users: Pick<TokenCatalog, 'isSuperadmin'>) {
    this.#instance = instance;
    this.#jobs = jobs;
    this.#users = users;
  }

  /** The read makes the token die with its attempt: completed, canceled, taken over. */
  async verifyJobToken(token: string, now: number): Promise<JobPrincipal | undefined> {
    const claims = await this.#claims(token.slice(JOB_TOKEN_PREFIX.length), 'millrace:job', now);
    if (claims === undefined) return undefined;
    const job = await this.#jobs.get({ workspace: claims.workspace, id: claims.job_id });
    if (job?.status !== 'running' || job.attempt !== claims.attempt) return undefined;
    return {
      kind: 'job',
      workspace: claims.workspace,
      job_id: claims.job_id,
      attempt: claims.attempt,
      permissioned_as: job.permissioned_as,
      email: job.email,
      username: job.permissioned_as.replace(/^[ug]\//, ''),
      created_by: job.created_by,
      // A job that runs as an email runs as a superadmin who is no member; whether he still is one is asked each time.
      super_admin: job.permissioned_as === job.email && (await this.#users.isSuperadmin(job.email)),
    };
  }

  /** By signature alone: whether the attempt goes on is what the control poll asks. */
  async verifyControlToken(token: string, now: number): Promise<ControlPrincipal | undefined> {
    const claims = await this.#claims(token, 'millrace:frames', now);
    if (claims === undefined) return undefined;
    return { kind: 'control', workspace: claims.workspace, job_id: claims.job_id, attempt: claims.attempt };
  }

  async #claims(token: string, audience: AttemptClaims['aud'], now: number): Promise<AttemptClaims | undefined> {
    const { public_keys } = await this.#instance.read(now);
    return checkAttemptToken(token, audience, public_keys, now);
  }
}
