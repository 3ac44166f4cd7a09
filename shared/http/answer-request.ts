import { type Access, type Decision, decide } from '../access/decide.ts';
import type { AttemptTokenVerifier, Caller, Rosters, TokenStore } from '../access/principal.ts';
import type { Act } from '../access/scopes.ts';
import { type Standing, standingOf } from '../access/standing.ts';
import type { ViewLink, ViewLinks } from '../access/view-link.ts';
import type { AuditTrail } from '../jobs/value-ports.ts';
import { notFound, Problem } from '../model/errors.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { actsOf } from './acts-of.ts';
import { auditLine } from './audit-trail.ts';
import { authenticate } from './authenticate.ts';
import type { Match } from './match.ts';
import type { HttpRequest } from './request.ts';
import type { Reply, Route } from './route.ts';

/** What every function that answers HTTP needs of the outside. */
export type HttpDeps = {
  tokens: TokenStore;
  attempts: AttemptTokenVerifier;
  rosters: Rosters;
  /** Absent: links to jobs show nothing here. */
  links?: ViewLinks;
  /** Present: what changes something is told here, before it is answered. */
  audit?: AuditTrail;
  now: () => number;
};

/** Any origin may call these: webhooks are called from browsers too, always with a token. */
const CORS = { 'access-control-allow-origin': '*' };
const runsJobs = (path: string): boolean => /^\/api\/w\/[^/]+\/jobs\/run/.test(path);

const preflight = (): Reply => ({
  status: 204,
  headers: {
    ...CORS,
    'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
    'access-control-allow-headers': '*, authorization',
    'access-control-max-age': '86400',
  },
  body: '',
});

const refuseUnrouted = (match: Exclude<Match<Route>, { is: 'route' }>, request: HttpRequest): Reply =>
  match.is === 'unknown'
    ? { status: 404, headers: { 'content-type': 'text/plain' }, body: `Not found: no such route: ${request.path}` }
    : {
        status: 405,
        headers: { 'content-type': 'text/plain', allow: match.allowed.join(', ') },
        body: `Method not allowed: ${request.method} (allowed: ${match.allowed.join(', ')})`,
      };

/** What cannot be a workspace's id is looked up nowhere. */
const isWorkspaceId = (workspace: string | undefined): workspace is string => WorkspaceId.safeParse(workspace).success;

type Place = { standing: Standing | undefined; archived: boolean; missing: boolean };
const NOWHERE: Place = { standing: undefined, archived: false, missing: false };

const placeIn = async (
  deps: HttpDeps,
  caller: Caller,
  workspace: string,
  now: number,
  fresh: boolean,
): Promise<Place> => {
  if (caller.kind === 'control') return NOWHERE;
  const roster = await deps.rosters.read(workspace, now, fresh);
  if (roster === undefined)
    return { ...NOWHERE, missing: caller.kind === 'user' && caller.super_admin && caller.workspace === undefined };
  const { email, super_admin } = caller;
  const standing =
    caller.kind === 'user'
      ? standingOf(roster, { is: 'member', email, super_admin })
      : standingOf(roster, { is: 'job', permissioned_as: caller.permissioned_as, email, super_admin });
  return { standing, archived: roster.archived, missing: false };
};

/**
 * What the caller is in the workspace that the request names. Nobody is refused by an old answer: who seems to be nothing is
 * looked up again. That a workspace does not exist is told to superadmins only.
 */
const placeOf = async (
  deps: HttpDeps,
  caller: Caller | undefined,
  access: Access,
  workspace: string | undefined,
  now: number,
): Promise<Place> => {
  if (access.needs !== 'workspace' || caller === undefined || !isWorkspaceId(workspace)) return NOWHERE;
  const known = await placeIn(deps, caller, workspace, now, false);
  return known.standing === undefined ? placeIn(deps, caller, workspace, now, true) : known;
};

/** The link that a request to read a job by its id brings, if it is genuine. */
const linkOf = async (
  deps: HttpDeps,
  access: Access,
  workspace: string | undefined,
  request: HttpRequest,
): Promise<ViewLink | undefined> => {
  if (access.needs !== 'workspace' || access.orViewToken !== true || !isWorkspaceId(workspace)) return undefined;
  const token = request.query.view_token ?? request.headers['x-view-token'];
  return token === undefined ? undefined : deps.links?.check(workspace, token);
};

/** Every act must be allowed. */
const decideAll = (decisions: readonly Decision[]): Decision =>
  decisions.find(({ allow }) => !allow) ?? { allow: true };

/** Tells the audit log what was changed, one line for each path. */
const noteChange = async (
  deps: HttpDeps,
  { contract: { path, method, unaudited } }: Route,
  principal: Caller | undefined,
  done: {
    acts: readonly Act[];
    standing: Standing | undefined;
    params: Record<string, string>;
    note: Reply['audit'];
    now: number;
  },
): Promise<void> => {
  if (deps.audit === undefined || method === 'GET' || unaudited === true) return;
  if (principal?.kind !== 'user' && principal?.kind !== 'job') return;
  const { acts, standing, params, note, now } = done;
  for (const act of acts.filter(({ action }) => action !== 'read'))
    await deps.audit.append(auditLine({ path, act, principal, standing, params, note }, now));
};

/**
 * Answers one request: routing, then who asks, then what he is in the workspace, then may he, then parsing and the route.
 * Throws a Problem for every refusal that a caller is told about.
 */
export const answerRequest = async (
  deps: HttpDeps,
  match: (method: string, path: string) => Match<Route>,
  request: HttpRequest,
): Promise<Reply> => {
  const cors = runsJobs(request.path);
  if (cors && request.method === 'OPTIONS') return preflight();
  const found = match(request.method, request.path);
  if (found.is !== 'route') return refuseUnrouted(found, request);
  const { route, params } = found;
  const { access } = route.contract;
  const now = deps.now();
  const caller = await authenticate(deps, access, request, now);
  const { workspace, id: job, attempt } = params;
  const { standing, archived, missing } = await placeOf(deps, caller, access, workspace, now);
  const link = await linkOf(deps, access, workspace, request);
  const acts = actsOf(route.contract, params, caller === undefined ? undefined : request.body);
  const decision = decideAll(
    acts.map((act) => decide(caller, access, { workspace, job, attempt, act, standing, archived, link })),
  );
  if (missing && (decision.allow || decision.status === 403))
    throw notFound(`workspace ${workspace ?? ''} does not exist`);
  if (!decision.allow) throw new Problem(decision.status, decision.reason);
  const reply = await route.run({ caller, standing, link: link?.job, params, request, now });
  await noteChange(deps, route, caller, { acts, standing, params, note: reply.audit, now });
  const answered = cors ? { ...reply, headers: { ...CORS, ...reply.headers } } : reply;
  return request.method === 'HEAD' ? { ...answered, body: '' } : answered;
};
