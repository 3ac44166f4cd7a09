import type { HttpApiDefinition } from './definitions.ts';

export type RouteMatch = { routeKey: string; functionName: string; pathParameters: Record<string, string> };

type Segment = { kind: 'literal' | 'variable' | 'greedy'; text: string };
type Route = { routeKey: string; functionName: string; method: string; segments: Segment[] };

const RANK = { literal: 0, variable: 1, greedy: 2 } as const;

const segmentOf = (part: string): Segment => {
  const [, name, plus] = /^\{([^}+]+)(\+?)\}$/.exec(part) ?? [];
  if (name === undefined) return { kind: 'literal', text: part };
  return { kind: plus === '+' ? 'greedy' : 'variable', text: name };
};

const parts = (path: string): string[] => path.split('/').slice(1);

const bySpecificity = (left: Route, right: Route): number => {
  for (let index = 0; index < Math.max(left.segments.length, right.segments.length); index += 1) {
    const [one, other] = [left.segments[index], right.segments[index]];
    const difference = (one === undefined ? 3 : RANK[one.kind]) - (other === undefined ? 3 : RANK[other.kind]);
    if (difference !== 0) return difference;
  }
  return Number(left.method === 'ANY') - Number(right.method === 'ANY');
};

const matchPath = (segments: Segment[], path: string[]): Record<string, string> | undefined => {
  const parameters: Record<string, string> = {};
  for (const [index, { kind, text }] of segments.entries()) {
    const part = path[index];
    if (part === undefined) return undefined;
    if (kind === 'greedy') {
      parameters[text] = path.slice(index).join('/');
      return parameters;
    }
    if (kind === 'variable') parameters[text] = part;
    else if (part !== text) return undefined;
  }
  return segments.length === path.length ? parameters : undefined;
};

/** Routes of an HTTP API as API Gateway chooses among them: the most specific path first, then method over ANY, `$default` last. */
export const routeFinder = (api: HttpApiDefinition): ((method: string, path: string) => RouteMatch | undefined) => {
  const fallback = api.routes.find(({ routeKey }) => routeKey === '$default');
  const routes = api.routes
    .filter((route) => route !== fallback)
    .map(({ routeKey, functionName }): Route => {
      const [method = 'ANY', path = '/'] = routeKey.split(' ');
      return { routeKey, functionName, method, segments: parts(path).map(segmentOf) };
    })
    .sort(bySpecificity);
  return (method, path) => {
    const asked = parts(path);
    for (const { routeKey, functionName, method: allowed, segments } of routes) {
      if (allowed !== 'ANY' && allowed !== method) continue;
      const pathParameters = matchPath(segments, asked);
      if (pathParameters !== undefined) return { routeKey, functionName, pathParameters };
    }
    return fallback && { ...fallback, pathParameters: {} };
  };
};
