import { decide } from '../access/decide.ts';
import type { AttemptTokenVerifier, TokenStore, WorkspaceDirectory } from '../access/principal.ts';
import { notFound, Problem } from '../model/errors.ts';
import { authenticate } from './authenticate.ts';
import type { Match } from './match.ts';
import type { HttpRequest } from './request.ts';
import type { Reply, Route } from './route.ts';

/** What every function that answers HTTP needs of the outside. */
export type HttpDeps = {
  tokens: TokenStore;
  attempts: AttemptTokenVerifier;
  workspaces: WorkspaceDirectory;
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

/**
 * Answers one request: routing, then who asks, then may he, then does his workspace exist, then parsing and the route.
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
  const decision = decide(caller, access, { workspace, job, attempt });
  if (!decision.allow) throw new Problem(decision.status, decision.reason);
  if (access.needs === 'workspace' && !(await deps.workspaces.exists(workspace ?? '', now)))
    throw notFound(`workspace ${workspace ?? ''} does not exist`);
  const reply = await route.run({ caller, params, request, now });
  const answered = cors ? { ...reply, headers: { ...CORS, ...reply.headers } } : reply;
  return request.method === 'HEAD' ? { ...answered, body: '' } : answered;
};
