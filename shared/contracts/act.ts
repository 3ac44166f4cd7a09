import type { Access } from '../access/decide.ts';
import type { Act } from '../access/scopes.ts';
import type { Method } from './contract.ts';

/** Rooms of the API that belong to another's domain. */
const DOMAIN_OF: Record<string, string> = {
  jobs_u: 'jobs',
  job_metrics: 'jobs',
  concurrency_groups: 'jobs',
  groups_history: 'groups',
  folders_history: 'folders',
  auth: 'users',
  tokens: 'users',
};

const actionOf = (method: Method, access: Access): Act['action'] => {
  if (access.needs === 'workspace') return access.right === 'read' || access.right === 'run' ? access.right : 'write';
  return method === 'GET' ? 'read' : 'write';
};

/** What a route does in the words of scopes, from nothing but its method, path and rule: a new route has its scope by itself. */
export const actOf = (
  stated: { method: Method; path: string; access: Access },
  params: Record<string, string>,
): Act => {
  const segments = stated.path.split('/').slice(1);
  const [room = '', ...rest] = segments[0] === 'w' ? segments.slice(2) : segments;
  const domain = DOMAIN_OF[room] ?? room;
  const action = actionOf(stated.method, stated.access);
  const path = params.path ?? params.name;
  if (domain !== 'jobs') return { domain, action, path };
  const way = rest[1];
  const runs = action === 'run' && (way === 'p' || way === 'h' || way === 'f' || way === 'fv');
  return {
    domain,
    action,
    path,
    ...(runs ? { kind: way === 'p' || way === 'h' ? 'scripts' : 'flows' } : {}),
    followsJob: action === 'read' && params.id !== undefined,
  };
};
