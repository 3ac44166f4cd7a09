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

const principalMatches = (statement: Statement, caller: Caller): boolean => {
  const principal = statement.Principal;
  if (principal === undefined) return false;
  if (principal.AWS?.includes('*') === true) return true;
  if (caller.kind === 'service') return 'Service' in principal && (principal.Service?.includes(caller.name) ?? false);
  const account = accountOf(caller.arn);
  return (principal.AWS ?? []).some(
    (name) => name === caller.arn || name === account || name === `arn:aws:iam::${account}:root`,
  );
};

const applies = (statement: Statement, question: Question): boolean =>
  actionMatches(statement, question.action) &&
  resourceMatches(statement, question.resource) &&
  (statement.Condition === undefined || conditionHolds(statement.Condition, question.context));

/**
 * Decides as IAM does inside one account: an explicit deny anywhere wins; else an allow of the caller's own policies or
 * of the resource's policy is enough; else the answer is no. `resource` statements count only where their Principal
 * names the caller; trust policies are asked the same way, with `sts:AssumeRole`.
 */
export const decide = (question: Question, identity: Statement[], resource: Statement[] = []): Decision => {
  let allowed = false;
  for (const statement of identity) {
    if (!applies(statement, question)) continue;
    if (statement.Effect === 'Deny') return { allowed: false, why: 'explicit deny' };
    allowed = true;
  }
  for (const statement of resource) {
    if (!principalMatches(statement, question.caller) || !applies(statement, question)) continue;
    if (statement.Effect === 'Deny') return { allowed: false, why: 'explicit deny' };
    allowed = true;
  }
  return allowed ? { allowed: true } : { allowed: false, why: 'no policy allows it' };
};

/** True when the trust policy lets this service of `accountId` wear the role. */
export const mayAssume = (service: string, accountId: string, trust: Statement[]): boolean => {
  const caller = { kind: 'service' as const, name: service };
  const context = { 'aws:SourceAccount': [accountId] };
  return decide({ caller, action: 'sts:AssumeRole', resource: '*', context }, [], trust).allowed;
};
