/** What a route does, in the words of scopes: `jobs:run:scripts:f/a/b`. */
export type Act = {
  domain: string;
  action: 'read' | 'write' | 'run';
  /** Only of runs: what kind of thing; undefined for code that comes with the request. */
  kind?: 'scripts' | 'flows' | undefined;
  /** The path it is about, where it is about one. */
  path?: string | undefined;
  /** Reads one job by its id: a token that may run things may follow what it ran. */
  followsJob?: boolean | undefined;
};

type Scope = { domain: string; action: string; kind: string | undefined; paths: string[] | undefined };

const KINDS = ['scripts', 'flows'];

/** The parts of a scope; undefined when it is none. `jobs:run:scripts:a,b` has a kind, `variables:read:a,b` none. */
const parsed = (text: string): Scope | undefined => {
  const [domain, action, third, ...rest] = text.split(':');
  if (!domain || !action) return undefined;
  const kind = third !== undefined && domain === 'jobs' && action === 'run' ? third : undefined;
  if (kind !== undefined && !KINDS.includes(kind)) return undefined;
  const paths = kind === undefined ? third : rest[0];
  if ((kind === undefined ? rest.length : rest.length - 1) > 0) return undefined;
  return { domain, action, kind, paths: paths === undefined ? undefined : paths.split(',') };
};

/** Domains that scopes can name, and whether what lies in them has paths. */
const SCOPE_DOMAINS: Readonly<Record<string, { paths: boolean }>> = {
  jobs: { paths: false },
  scripts: { paths: true },
  flows: { paths: true },
  apps: { paths: true },
  variables: { paths: true },
  resources: { paths: true },
  schedules: { paths: true },
  folders: { paths: true },
  users: { paths: false },
  groups: { paths: true },
  workspaces: { paths: false },
  acls: { paths: true },
  audit: { paths: false },
  settings: { paths: false },
  workers: { paths: false },
};

const ACTIONS = ['read', 'write', 'run'];

/** A scope to choose from. `requires_resource_path` (the name is Windmill's): it can be narrowed by `:<path>,<path>`. */
type ScopeChoice = { value: string; label: string; requires_resource_path: boolean };

/** Every scope that `isScope` takes, without its paths, by domain. */
export const scopeChoices = (): { name: string; scopes: ScopeChoice[] }[] =>
  Object.entries(SCOPE_DOMAINS).map(([name, { paths }]) => ({
    name,
    scopes: [
      ...['read', 'write'].map((action) => ({
        value: `${name}:${action}`,
        label: `${action} ${name}`,
        requires_resource_path: paths,
      })),
      ...(name === 'jobs'
        ? [
            { value: 'jobs:run', label: 'run anything', requires_resource_path: false },
            ...KINDS.map((kind) => ({ value: `jobs:run:${kind}`, label: `run ${kind}`, requires_resource_path: true })),
          ]
        : []),
    ],
  }));

/** True for a scope that can mean something; a token is not made with another. */
export const isScope = (text: string): boolean => {
  const scope = parsed(text);
  if (scope === undefined || !Object.hasOwn(SCOPE_DOMAINS, scope.domain)) return false;
  if (scope.paths?.some((path) => path === '' || !/^[\w*/.-]+$/.test(path))) return false;
  return ACTIONS.includes(scope.action) && (scope.action !== 'run' || scope.domain === 'jobs');
};

/** `*` at the end stands for any rest, after a `/` only: `f/a/*` covers `f/a/x/y` and never `f/ab/x`. */
const covers = (pattern: string, path: string): boolean => {
  if (pattern === '*') return true;
  return pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
};

const allows = (scope: Scope, act: Act): boolean => {
  if (scope.domain !== act.domain) return false;
  if (scope.action === 'run' && act.followsJob === true && act.action === 'read') return true;
  if (scope.action !== act.action && !(scope.action === 'write' && act.action === 'read')) return false;
  if (scope.kind !== undefined && scope.kind !== act.kind) return false;
  // A scope with paths never covers what has none: lists, previews, other kinds of requests.
  return scope.paths === undefined || (act.path !== undefined && scope.paths.some((p) => covers(p, act.path ?? '')));
};

/** Whether one of a token's scopes covers `act`. What is no scope covers nothing. */
export const scopesAllow = (scopes: readonly string[], act: Act): boolean =>
  scopes.some((text) => {
    const scope = parsed(text);
    return scope !== undefined && allows(scope, act);
  });
