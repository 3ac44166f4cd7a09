import { unreachable } from '../model/errors.ts';
import type { Caller, JobPrincipal, UserPrincipal } from './principal.ts';

/** What one may do in a workspace. `write` includes neither of the others: each contract names the one it needs. */
type Right = 'read' | 'write' | 'run';

/** The rule that stands before a contract. There is no rule that lets pass by default. */
export type Access =
  | { needs: 'nothing' }
  | { needs: 'login' }
  /** A user with a token that limits nothing: whoever holds less may not make himself more. */
  | { needs: 'account' }
  | { needs: 'superadmin' }
  | { needs: 'workspace'; right: Right }
  | { needs: 'control-token' };

/** What a request is about, as its path names it. */
export type Target = { workspace?: string | undefined; job?: string | undefined; attempt?: string | undefined };

export type Decision = { allow: true } | { allow: false; status: 401 | 403; reason: string };

const ALLOW: Decision = { allow: true };
const refuse = (reason: string): Decision => ({ allow: false, status: 403, reason: `Permission denied: ${reason}` });
const UNKNOWN: Decision = { allow: false, status: 401, reason: 'Unauthorized: a valid token is needed' };

/** Decides whether `caller` may pass the rule `access` for `target`: the one place where that is decided. */
export const decide = (caller: Caller | undefined, access: Access, target: Target): Decision => {
  if (access.needs === 'nothing') return ALLOW;
  if (caller === undefined) return UNKNOWN;
  switch (caller.kind) {
    case 'control':
      return access.needs === 'control-token' &&
        caller.workspace === target.workspace &&
        caller.job_id === target.job &&
        String(caller.attempt) === target.attempt
        ? ALLOW
        : refuse('this token is good only to ask about its own attempt');
    case 'job':
      return ofJob(caller, access, target);
    case 'user':
      return ofUser(caller, access, target);
    default:
      return unreachable(caller);
  }
};

const ofJob = (job: JobPrincipal, access: Exclude<Access, { needs: 'nothing' }>, target: Target): Decision => {
  switch (access.needs) {
    case 'login':
      return ALLOW;
    case 'workspace':
      if (job.workspace !== target.workspace) return refuse('a job may act in its own workspace only');
      return job.super_admin ? ALLOW : refuse(`${job.permissioned_as} is no member of workspace ${job.workspace}`);
    case 'account':
      return refuse('a job may not manage tokens');
    case 'superadmin':
      return refuse('a job may not administer the instance');
    case 'control-token':
      return refuse('the control token of the attempt is needed');
    default:
      return unreachable(access);
  }
};

const ofUser = (user: UserPrincipal, access: Exclude<Access, { needs: 'nothing' }>, target: Target): Decision => {
  if (user.scopes !== undefined) return refuse('the scopes of this token do not include this');
  switch (access.needs) {
    case 'login':
      return ALLOW;
    case 'account':
      if (user.workspace !== undefined || user.read_only) return refuse('a limited token may not manage tokens');
      return ALLOW;
    case 'superadmin':
      if (user.workspace !== undefined) return refuse(`this token is good in workspace ${user.workspace} only`);
      if (user.read_only) return refuse('this token may only read');
      return user.super_admin ? ALLOW : refuse('only a superadmin may do this');
    case 'workspace':
      if (user.workspace !== undefined && user.workspace !== target.workspace)
        return refuse(`this token is good in workspace ${user.workspace} only`);
      if (user.read_only && access.right !== 'read') return refuse('this token may only read');
      return user.super_admin ? ALLOW : refuse(`${user.email} is no member of workspace ${target.workspace ?? ''}`);
    case 'control-token':
      return refuse('the control token of the attempt is needed');
    default:
      return unreachable(access);
  }
};
