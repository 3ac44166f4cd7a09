import type { Method } from '../contracts/contract.ts';

/** What a request line leads to. `wrong-method`: the path is known under other methods. */
export type Match<R> =
  | { is: 'route'; route: R; params: Record<string, string> }
  | { is: 'wrong-method'; allowed: Method[] }
  | { is: 'unknown' };

type Entry<R> = { route: R; method: Method; segments: string[]; greedy: string | undefined };

/**
 * Decodes one part of a path. HTTP APIs hand paths over decoded and Function URLs as they came; what does not decode is
 * taken as it stands. No name of ours contains `%`, so decoding twice does no harm.
 */
const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const entryOf = <R extends { contract: { method: Method; path: string } }>(route: R): Entry<R> => {
  const segments = `/api${route.contract.path}`.split('/').slice(1);
  const last = segments.at(-1) ?? '';
  const greedy = last.endsWith('+}') ? last.slice(1, -2) : undefined;
  return {
    route,
    method: route.contract.method,
    segments: greedy === undefined ? segments : segments.slice(0, -1),
    greedy,
  };
};

const paramsOf = <R>(entry: Entry<R>, path: string[]): Record<string, string> | undefined => {
  const { segments, greedy } = entry;
  if (greedy === undefined ? path.length !== segments.length : path.length <= segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const given = path[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== given) return undefined;
    } else if (given === '') return undefined;
    else params[segment.slice(1, -1)] = decoded(given);
  }
  if (greedy !== undefined) params[greedy] = path.slice(segments.length).map(decoded).join('/');
  return params;
};

/**
 * Routes by method and path. Earlier routes win, so a fixed name stands before a parameter in its place. HEAD finds the
 * GET route; one slash at the end is ignored.
 */
export const matcher = <R extends { contract: { method: Method; path: string } }>(
  routes: readonly R[],
): ((method: string, path: string) => Match<R>) => {
  const entries = routes.map(entryOf);
  return (method, path) => {
    const wanted = method === 'HEAD' ? 'GET' : method;
    const segments = path.replace(/\/$/, '').split('/').slice(1);
    const allowed: Method[] = [];
    for (const entry of entries) {
      const params = paramsOf(entry, segments);
      if (params === undefined) continue;
      if (entry.method === wanted) return { is: 'route', route: entry.route, params };
      allowed.push(entry.method);
    }
    return allowed.length > 0 ? { is: 'wrong-method', allowed: [...new Set(allowed)] } : { is: 'unknown' };
  };
};
