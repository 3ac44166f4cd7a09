import { unreachable } from '../model/errors.ts';
import type { Caller, JobPrincipal, UserPrincipal } from './principal.ts';
import { type Act, scopesAllow } from './scopes.ts';
import type { Standing } from './standing.ts';
import type { ViewLink } from './view-link.ts';

/**
 * What one must be able to do in a workspace. `write` is making and changing things, which operators never may; `run` is
 * running and stopping; `admin` is changing who may what. Each contract names exactly one.
 */
type Right = 'read' | 'run' | 'write' | 'admin';

/** The rule that stands before a contract. There is no rule that lets pass by default. */
export type Access =
  | { needs: 'nothing' }
  | { needs: 'login' }
  /** A user with a token that limits nothing: whoever holds less may not make himself more. */
  | { needs: 'account' }
  | { needs: 'superadmin' }
  /** `orViewToken`: or holding a link to the job of the path or to one that it belongs to; only for reading by id. */
  | { needs: 'workspace'; right: Right; orViewToken?: true }
  | { needs: 'control-token' };

/** What a request is about, as its path names it, and what it would do in the words of scopes. */
export type Target = {
  workspace?: string | undefined;
  job?: string | undefined;
  attempt?: string | undefined;
  act: Act;
  /** What the caller is in the workspace; undefined: nothing. */
  standing?: Standing | undefined;
  archived?: boolean | undefined;
  /** The link that the request brought, checked to be genuine. Which jobs it shows is decided when the job is read. */
  link?: ViewLink | undefined;
};

export type Decision = { allow: true } | { allow: false; status: 401 | 403; reason: string };

const ALLOW: Decision = { allow: true };
const refuse = (reason: string): Decision => ({ allow: false, status: 403, reason: `Permission denied: ${reason}` });
const UNKNOWN: Decision = { allow: false, status: 401, reason: 'Unauthorized: a valid token is needed' };

type Guarded = Exclude<Access, { needs: 'nothing' }>;

/** Decides whether `caller` may pass the rule `access` for `target`: the one place where that is decided. */
export const decide = (caller: Caller | undefined, access: Access, target: Target): Decision => {
  if (access.needs === 'nothing') return ALLOW;
  if (hasLink(access, target) && target.link?.public === true) return ALLOW;
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

/** Whether a link opens this route at all: those that state it, and no other. */
const hasLink = (access: Guarded, target: Target): boolean =>
  access.needs === 'workspace' && access.right === 'read' && access.orViewToken === true && target.link !== undefined;

/** What a standing may do at all, before anything is said about single items. */
const ofStanding = (who: string, right: Right, target: Target): Decision => {
  const { standing } = target;
  if (standing === undefined) return refuse(`${who} is no member of workspace ${target.workspace ?? ''}`);
  if (target.archived === true && right !== 'read') return refuse(`workspace ${target.workspace ?? ''} is archived`);
  switch (right) {
    case 'read':
    case 'run':
      return ALLOW;
    case 'write':
      return standing.operator ? refuse('an operator may look and run, not change') : ALLOW;
    case 'admin':
      return standing.is_admin ? ALLOW : refuse(`only an admin of workspace ${standing.workspace} may do this`);
    default:
      return unreachable(right);
  }
};

const ofJob = (job: JobPrincipal, access: Guarded, target: Target): Decision => {
  switch (access.needs) {
    case 'login':
      return ALLOW;
    case 'workspace':
      if (job.workspace !== target.workspace) return refuse('a job may act in its own workspace only');
      return hasLink(access, target) ? ALLOW : ofStanding(job.permissioned_as, access.right, target);
    case 'account':
      return refuse('a job may not manage accounts and tokens');
    case 'superadmin':
      return refuse('a job may not administer the instance');
    case 'control-token':
      return refuse('the control token of the attempt is needed');
    default:
      return unreachable(access);
  }
};

/** What the token of a user takes away from what the user may. Undefined: nothing that matters here. */
const limitedBy = (user: UserPrincipal, access: Guarded, target: Target): Decision | undefined => {
  const limited = user.workspace !== undefined || user.read_only === true || user.scopes !== undefined;
  if (access.needs === 'account' && limited) return refuse('a limited token may not manage accounts and tokens');
  if (access.needs === 'superadmin' && limited) return refuse('a limited token may not administer the instance');
  if (access.needs === 'workspace' && user.workspace !== undefined && user.workspace !== target.workspace)
    return refuse(`this token is good in workspace ${user.workspace} only`);
  if (user.read_only === true && target.act.action !== 'read') return refuse('this token may only read');
  if (user.scopes !== undefined && !scopesAllow(user.scopes, target.act))
    return refuse(`the scopes of this token do not include ${scopeText(target.act)}`);
  return undefined;
};

const scopeText = (act: Act): string =>
  [act.domain, act.action, act.kind, act.path].filter((part) => part !== undefined).join(':');

const ofUser = (user: UserPrincipal, access: Guarded, target: Target): Decision => {
  const limited = limitedBy(user, access, target);
  if (limited !== undefined) return limited;
  switch (access.needs) {
    case 'login':
    case 'account':
      return ALLOW;
    case 'superadmin':
      return user.super_admin ? ALLOW : refuse('only a superadmin may do this');
    case 'workspace':
      return hasLink(access, target) ? ALLOW : ofStanding(user.email, access.right, target);
    case 'control-token':
      return refuse('the control token of the attempt is needed');
    default:
      return unreachable(access);
  }
};
