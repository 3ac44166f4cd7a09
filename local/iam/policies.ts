import type { Statement } from './policy.ts';

/** All policies of the template, by whom or what they are attached to. */
export class Policies {
  readonly #identity = new Map<string, Statement[]>();
  readonly #trust = new Map<string, Statement[]>();
  readonly #resource = new Map<string, Statement[]>();

  addRole(roleName: string, trust: Statement[]): void {
    this.#trust.set(roleName, trust);
    this.#identity.set(roleName, this.#identity.get(roleName) ?? []);
  }

  attach(roleName: string, statements: Statement[]): void {
    this.#identity.set(roleName, [...(this.#identity.get(roleName) ?? []), ...statements]);
  }

  /** `arn` is the ARN of the bucket, queue, secret, key or function that carries the policy. */
  attachToResource(arn: string, statements: Statement[]): void {
    this.#resource.set(arn, [...(this.#resource.get(arn) ?? []), ...statements]);
  }

  roles(): string[] {
    return [...this.#trust.keys()];
  }

  trustOf(roleName: string): Statement[] {
    return this.#trust.get(roleName) ?? [];
  }

  identityOf(roleName: string): Statement[] {
    return this.#identity.get(roleName) ?? [];
  }

  /** The policy that covers a resource: an S3 object is covered by its bucket's. */
  of(resourceArn: string): Statement[] {
    const covered = resourceArn.startsWith('arn:aws:s3:::')
      ? (resourceArn.split('/', 1)[0] ?? resourceArn)
      : resourceArn;
    return this.#resource.get(covered) ?? [];
  }
}
