import { decide } from '../iam/decide.ts';
import type { Policies } from '../iam/policies.ts';
import { AwsError } from '../services/aws-error.ts';
import type { Permission, Place } from '../services/service.ts';
import type { Holder } from './credentials.ts';

/** The services that answer a refused call with 400; the others say 403. */
const plainBadRequest = new Set(['dynamodb', 'secretsmanager', 'kms', 'ecs']);

const reason = (why: 'explicit deny' | 'no policy allows it', action: string): string =>
  why === 'explicit deny'
    ? 'with an explicit deny in a policy'
    : `because no identity-based policy allows the ${action} action`;

/**
 * Throws the AccessDenied of AWS, in AWS's words, for the first permission the caller's role lacks. The loopback socket
 * stands for TLS, so `aws:SecureTransport` is true.
 */
export const authorise = (
  holder: Holder,
  permissions: Permission[],
  service: string,
  policies: Policies,
  place: Place,
): void => {
  const arn = `arn:aws:iam::${place.accountId}:role/${holder.roleName}`;
  const identity = policies.identityOf(holder.roleName);
  for (const { action, resource, context } of permissions) {
    const question = {
      caller: { kind: 'role' as const, arn },
      action,
      resource,
      context: {
        'aws:SecureTransport': ['true'],
        'aws:PrincipalArn': [arn],
        'aws:PrincipalAccount': [place.accountId],
        ...context,
      },
    };
    const decision = decide(question, identity, policies.of(resource));
    if (decision.allowed) continue;
    const user = `arn:aws:sts::${place.accountId}:assumed-role/${holder.roleName}/${holder.functionName}`;
    throw new AwsError(
      service === 's3' ? 'AccessDenied' : 'AccessDeniedException',
      plainBadRequest.has(service) ? 400 : 403,
      `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${reason(decision.why, action)}`,
    );
  }
};
