import { type Context, conditionHolds } from './conditions.ts';
import type { Statement } from './policy.ts';
import { matchesArn, matchesWildcard } from './wildcard.ts';

/** Who asks: a role (with the function that wears it as session name) or an AWS service such as `scheduler.amazonaws.com`. */
export type Caller = { kind: 'role'; arn: string } | { kind: 'service'; name: string };

export type Question = { caller: Caller; action: string; resource: string; context: Context };

/** `denied` names why as AWS's message ends: an explicit deny, or nobody allowed it. */
export type Decision = { allowed: true } | { allowed: false; why: 'explicit deny' | 'no policy allows it' };

const actionMatches = (statement: Statement, action: string): boolean =>
  statement.Action === undefined
    ? !(statement.NotAction ?? []).some((pattern) => matchesWildcard(pattern, action, true))
    : statement.Action.some((pattern) => matchesWildcard(pattern, action, true));

const resourceMatches = (statement: Statement, resource: string): boolean => {
  const matches = (pattern: string): boolean => pattern === '*' || matchesArn(pattern, resource);
  if (statement.NotResource !== undefined) return !statement.NotResource.some(matches);
  return statement.Resource === undefined || statement.Resource.some(matches);
};

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** How a Principal names the caller: so that it is meant itself, or only its account as a whole. */
type Naming = 'itself' | 'account' | 'not';

const naming = (statement: Statement, caller: Caller): Naming => {
  const principal = statement.Principal;
  if (principal === undefined) return 'not';
  if (principal.AWS?.includes('*') === true) return 'itself';
  if (caller.kind === 'service') {
    return 'Service' in principal && principal.Service?.includes(caller.name) === true ? 'itself' : 'not';
  }
  if (principal.AWS?.includes(caller.arn) === true) return 'itself';
  const account = accountOf(caller.arn);
  return (principal.AWS ?? []).some((name) => name === account || name === `arn:aws:iam::${account}:root`)
    ? 'account'
    : 'not';
};

const isKmsKey = (resource: string): boolean => /^arn:[^:]+:kms:[^:]*:[^:]*:key\//.test(resource);

const applies = (statement: Statement, question: Question): boolean =>
  actionMatches(statement, question.action) &&
  resourceMatches(statement, question.resource) &&
  (statement.Condition === undefined || conditionHolds(statement.Condition, question.context));

/**
 * Decides as IAM does inside one account: an explicit deny anywhere wins; else an allow of the caller's own policies or
 * of the resource's policy is enough; else the answer is no. `resource` statements count only where their Principal
 * names the caller; trust policies are asked the same way, with `sts:AssumeRole`.
 *
 * A Principal that is the account (its number, or `arn:aws:iam::<account>:root`) names every role of it in a deny. In an
 * allow it gives no role anything: it leaves the decision to the account, that is to the roles' own policies. Those count
 * without it everywhere except at a KMS key, where they count only as far as such an allow of the key's policy reaches.
 */
export const decide = (question: Question, identity: Statement[], resource: Statement[] = []): Decision => {
  let identityAllows = false;
  let resourceAllows = false;
  let identityCounts = !isKmsKey(question.resource);
  for (const statement of identity) {
    if (!applies(statement, question)) continue;
    if (statement.Effect === 'Deny') return { allowed: false, why: 'explicit deny' };
    identityAllows = true;
  }
  for (const statement of resource) {
    const named = naming(statement, question.caller);
    if (named === 'not' || !applies(statement, question)) continue;
    if (statement.Effect === 'Deny') return { allowed: false, why: 'explicit deny' };
    if (named === 'itself') resourceAllows = true;
    else identityCounts = true;
  }
  return resourceAllows || (identityAllows && identityCounts)
    ? { allowed: true }
    : { allowed: false, why: 'no policy allows it' };
};

/** True when the trust policy lets this service of `accountId` wear the role. */
export const mayAssume = (service: string, accountId: string, trust: Statement[]): boolean => {
  const caller = { kind: 'service' as const, name: service };
  const context = { 'aws:SourceAccount': [accountId] };
  return decide({ caller, action: 'sts:AssumeRole', resource: '*', context }, [], trust).allowed;
};
