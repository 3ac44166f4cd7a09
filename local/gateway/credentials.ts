import { randomBytes } from 'node:crypto';

/**
 * Who holds an access key: the role, the function that wears it (the session name of its assumed-role ARN), and which of
 * its environments.
 */
export type Holder = { roleName: string; functionName: string; environment?: string };

export type KeyPair = { accessKeyId: string; secretAccessKey: string };

/**
 * The access keys of one start. They are random, live in memory only and die with it: a key read from an old log or an
 * orphaned process opens nothing.
 */
export class Credentials {
  readonly #byKey = new Map<string, { holder: Holder; secret: string }>();
  readonly #byHolder = new Map<string, KeyPair>();

  /** The same pair for the same holder, as long as this start lives. */
  issue(holder: Holder): KeyPair {
    const name = `${holder.roleName}/${holder.functionName}/${holder.environment ?? ''}`;
    const existing = this.#byHolder.get(name);
    if (existing !== undefined) return existing;
    const pair = {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
    };
    this.#byHolder.set(name, pair);
    this.#byKey.set(pair.accessKeyId, { holder, secret: pair.secretAccessKey });
    return pair;
  }

  find(accessKeyId: string): { holder: Holder; secret: string } | undefined {
    return this.#byKey.get(accessKeyId);
  }
}
