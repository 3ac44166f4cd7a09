import { describe, expect, test } from 'vitest';
import { type Act, isScope, scopesAllow } from '../../../shared/access/scopes.ts';

const runOf = (path: string): Act => ({ domain: 'jobs', action: 'run', kind: 'scripts', path });
const code: Act = { domain: 'jobs', action: 'run' };
const follow: Act = { domain: 'jobs', action: 'read', followsJob: true };
const list: Act = { domain: 'jobs', action: 'read' };
const variable: Act = { domain: 'variables', action: 'read', path: 'f/a/x' };

describe('scopes of tokens', () => {
  test.each<[string, string[], Act, boolean]>([
    ['a webhook token runs its script', ['jobs:run:scripts:f/a/x'], runOf('f/a/x'), true],
    ['and no other script', ['jobs:run:scripts:f/a/x'], runOf('f/b/x'), false],
    ['and none whose path only begins so', ['jobs:run:scripts:f/a/x'], runOf('f/a/xy'), false],
    ['and no flow of that path', ['jobs:run:scripts:f/a/x'], { ...runOf('f/a/x'), kind: 'flows' }, false],
    ['and no code of a request', ['jobs:run:scripts:f/a/x'], code, false],
    ['and reads jobs by id', ['jobs:run:scripts:f/a/x'], follow, true],
    ['and lists none', ['jobs:run:scripts:f/a/x'], list, false],
    ['a folder with a star covers what lies in it', ['jobs:run:scripts:f/a/*'], runOf('f/a/x/y'), true],
    ['and no folder whose name begins so', ['jobs:run:scripts:f/a/*'], runOf('f/ab/x'), false],
    ['several paths are each good', ['jobs:run:scripts:f/a/x,f/b/y'], runOf('f/b/y'), true],
    ['running unlimited covers everything that runs', ['jobs:run'], code, true],
    ['reading jobs lists them', ['jobs:read'], list, true],
    ['reading runs nothing', ['jobs:read'], runOf('f/a/x'), false],
    ['writing includes reading', ['variables:write'], variable, true],
    ['reading does not include writing', ['variables:read'], { ...variable, action: 'write' }, false],
    ['a path limits other domains too', ['variables:read:f/b/*'], variable, false],
    ['and covers no list', ['variables:read:f/a/x'], { domain: 'variables', action: 'read' }, false],
    ['no scope gives another domain', ['jobs:run', 'jobs:read', 'jobs:write'], variable, false],
    ['what is no scope gives nothing', ['', '*', ':', 'jobs', 'jobs:run:all:f/a/x', 'JOBS:RUN'], runOf('f/a/x'), false],
  ])('%s', (_, scopes, act, expected) => {
    expect(scopesAllow(scopes, act)).toBe(expected);
  });

  test.each(['jobs:run', 'jobs:run:scripts:f/a/x', 'users:read', 'variables:write:f/a/*,u/b/c', 'jobs:run:flows:*'])(
    '%s is a scope',
    (text) => {
      expect(isScope(text)).toBe(true);
    },
  );

  test.each([
    'jobs',
    'jobs:fly',
    'moon:read',
    'jobs:run:apps:f/a',
    'scripts:run',
    'jobs:run:scripts:',
    'a:b:c:d:e',
    '*:*',
  ])('%s is none', (text) => {
    expect(isScope(text)).toBe(false);
  });
});
