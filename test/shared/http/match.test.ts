import { describe, expect, test } from 'vitest';
import type { Method } from '../../../shared/contracts/contract.ts';
import { matcher } from '../../../shared/http/match.ts';

const route = (id: string, method: Method, path: string) => ({ contract: { id, method, path } });
const match = matcher([
  route('list', 'GET', '/w/{workspace}/scripts/list'),
  route('get', 'GET', '/w/{workspace}/scripts/get/p/{path+}'),
  route('run', 'POST', '/w/{workspace}/jobs/run/p/{path+}'),
  route('runGet', 'GET', '/w/{workspace}/jobs/run/p/{path+}'),
  route('preview', 'POST', '/w/{workspace}/jobs/run/preview'),
]);
const found = (method: string, path: string) => {
  const result = match(method, path);
  return result.is === 'route' ? [result.route.contract.id, result.params] : result;
};

describe('routing', () => {
  test('a greedy parameter takes the rest of the path, slashes and all', () => {
    expect(found('GET', '/api/w/demo/scripts/get/p/f/a/b')).toEqual(['get', { workspace: 'demo', path: 'f/a/b' }]);
  });

  test('percent-encoding is decoded once, and what does not decode stays as it is', () => {
    expect(found('GET', '/api/w/a%20b/scripts/get/p/f/x%2Fy')).toEqual(['get', { workspace: 'a b', path: 'f/x/y' }]);
    expect(found('GET', '/api/w/50%/scripts/list')).toEqual(['list', { workspace: '50%' }]);
  });

  test('HEAD finds the GET route, and one slash at the end is ignored', () => {
    expect(found('HEAD', '/api/w/demo/jobs/run/p/f/a/b/')).toEqual(['runGet', { workspace: 'demo', path: 'f/a/b' }]);
  });

  test('a known path under another method tells which methods it has', () => {
    expect(found('DELETE', '/api/w/demo/jobs/run/p/f/a/b')).toEqual({ is: 'wrong-method', allowed: ['POST', 'GET'] });
  });

  test.each(['/api/w/demo', '/api/w//scripts/list', '/w/demo/scripts/list', '/api/w/demo/scripts/get/p', '/'])(
    '%s is unknown',
    (path) => {
      expect(found('GET', path)).toEqual({ is: 'unknown' });
    },
  );
});
