import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { AttemptTokens } from '../jobs/ports.ts';
import { type AttemptClaims, JOB_TOKEN_PREFIX } from '../model/attempt-claims.ts';
import type { Job } from '../model/job.ts';

/** DER header of an Ed25519 private key (RFC 8410): the 32 bytes of the seed follow. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
/** A token outlives its job's time limit by this much; the consistent read of the job ends it sooner. */
const SLACK_S = 300;

/** The signing key: the seed is the SHA-256 of a secret that Secrets Manager generated, so nobody ever handles a key file. */
export const signingKey = (secret: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, createHash('sha256').update(secret).digest()]),
    format: 'der',
    type: 'pkcs8',
  });

/** The public half, as a JWK's `x` (base64url of 32 bytes). */
export const publicKeyOf = (key: KeyObject): string => {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (typeof x !== 'string') throw new Error('an Ed25519 key has an x');
  return x;
};

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = base64url({ alg: 'EdDSA', typ: 'JWT' });

/** Signs the two tokens of an attempt: JWTs of different audiences, so that one cannot be used as the other. */
export class Ed25519AttemptTokens implements AttemptTokens {
  readonly #key: () => Promise<KeyObject>;

  constructor(key: () => Promise<KeyObject>) {
    this.#key = key;
  }

  async jobToken(job: Job, now: number): Promise<string> {
    return JOB_TOKEN_PREFIX + (await this.#sign(job, 'millrace:job', now));
  }

  controlToken(job: Job, now: number): Promise<string> {
    return this.#sign(job, 'millrace:frames', now);
  }

  async #sign(job: Job, audience: AttemptClaims['aud'], now: number): Promise<string> {
    const claims: AttemptClaims = {
      aud: audience,
      workspace: job.workspace,
      job_id: job.id,
      attempt: job.attempt,
      permissioned_as: job.permissioned_as,
      email: job.email,
      created_by: job.created_by,
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + job.timeout_s + SLACK_S,
    };
    const body = `${HEADER}.${base64url(claims)}`;
    return `${body}.${sign(null, Buffer.from(body), await this.#key()).toString('base64url')}`;
  }
}
