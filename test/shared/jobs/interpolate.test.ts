import { describe, expect, test } from 'vitest';
import type { Standing } from '../../../shared/access/standing.ts';
import { interpolateResource } from '../../../shared/jobs/interpolate.ts';
import type { ValueReads } from '../../../shared/jobs/value-ports.ts';
import { notFound, Problem } from '../../../shared/model/errors.ts';
import type { Json } from '../../../shared/model/json.ts';

const ANN: Standing = {
  workspace: 'demo',
  permissioned_as: 'u/ann',
  username: 'ann',
  email: 'ann@x.io',
  is_admin: false,
  operator: false,
  groups: ['all'],
  folders: [],
};

const VARIABLES: Record<string, { value: string; is_secret: boolean }> = {
  'u/ann/host': { value: 'db.internal', is_secret: false },
  'u/ann/password': { value: 'hunter2hunter2', is_secret: true },
  'u/ann/json': { value: '{"user":"ann","password":["deep secret"]}', is_secret: true },
};
const RESOURCES: Record<string, Json> = {
  'u/ann/db': { host: '$var:u/ann/host', login: { password: '$var:u/ann/password' } },
  'u/ann/self': { again: ['$res:u/ann/self'] },
  'u/ann/one': '$res:u/ann/two',
  'u/ann/two': { back: '$res:u/ann/one' },
  'u/ann/dangling': { a: '$res:u/ann/outer' },
  'u/ann/outer': ['$var:u/ann/gone'],
  'u/ann/wide': Array.from({ length: 40 }, () => '$res:u/ann/wider'),
  'u/ann/wider': Array.from({ length: 40 }, () => '$var:u/ann/host'),
  ...Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`u/ann/step${at}`, `$res:u/ann/step${at + 1}`])),
};
const reads: ValueReads = {
  variable: async (standing, path) => {
    if (path.startsWith('u/bob/'))
      throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not read ${path}`);
    const found = VARIABLES[path];
    if (found === undefined) throw notFound(`variable ${path} does not exist`);
    return found;
  },
  resource: async (_, path) => {
    const found = RESOURCES[path];
    if (found === undefined) throw notFound(`resource ${path} does not exist`);
    return found;
  },
};
const told: string[] = [];
const follow = (value: Json, at?: string) => {
  told.length = 0;
  return interpolateResource(reads, ANN, value, (text, path) => told.push(`${path}: ${text}`), at);
};

describe('references in a value', () => {
  test('are followed through resources, arrays and objects, and the secrets among them are told', async () => {
    expect(await follow({ main: '$res:u/ann/db', all: ['$var:u/ann/host', 1, null, true] })).toEqual({
      main: { host: 'db.internal', login: { password: 'hunter2hunter2' } },
      all: ['db.internal', 1, null, true],
    });
    expect(told).toEqual(['u/ann/password: hunter2hunter2']);
  });

  test('to JSON in a variable give the JSON, and each text of a secret one is told', async () => {
    expect(await follow('$jsonvar:u/ann/json')).toEqual({ user: 'ann', password: ['deep secret'] });
    expect(told).toContain('u/ann/json: deep secret');
    await expect(follow('$jsonvar:u/ann/host')).rejects.toThrow(/u\/ann\/host is not JSON/);
  });

  test('are whole texts only; a value that they give is not looked at again', async () => {
    const value = { a: 'see $var:u/ann/host', b: '$vary', c: '$', d: ' $var:u/ann/host' };
    expect(await follow(value)).toEqual(value);
    VARIABLES['u/ann/tricky'] = { value: '$var:u/ann/password', is_secret: false };
    expect(await follow('$var:u/ann/tricky')).toBe('$var:u/ann/password');
    expect(told).toEqual([]);
  });

  test.each([
    ['$res:u/ann/self', 'u/ann/self', /400 .*\$res:u\/ann\/self refers to itself/],
    ['$res:u/ann/one', undefined, /400 .*\$res:u\/ann\/one -> \$res:u\/ann\/two -> \$res:u\/ann\/one/],
    ['$res:u/ann/step0', undefined, /400 .*more than 20 references follow one another/],
    [['$res:u/ann/wide'], undefined, /400 .*more than 1000 references/],
    [
      '$res:u/ann/dangling',
      undefined,
      /404 .*variable u\/ann\/gone does not exist \(referred to by \$res:u\/ann\/dangling -> \$res:u\/ann\/outer\)/,
    ],
    ['$var:u/bob/secret', 'u/ann/db', /403 .*u\/ann may not read u\/bob\/secret \(referred to by \$res:u\/ann\/db\)/],
  ])('%j is refused by an error that names the way', async (value, at, expected) => {
    const refused = await follow(value, at).catch((error: unknown) =>
      error instanceof Problem ? `${error.status} ${error.message}` : String(error),
    );
    expect(refused).toMatch(expected);
  });

  test('give nothing that nests deeper than 500 levels', async () => {
    const nested = (inner: string): Json => JSON.parse(`${'['.repeat(400)}${inner}${']'.repeat(400)}`);
    RESOURCES['u/ann/deep'] = nested('"$res:u/ann/deeper"');
    RESOURCES['u/ann/deeper'] = nested('1');
    await expect(follow('$res:u/ann/deep')).rejects.toThrow(/deeper than 500 levels/);
    expect(JSON.stringify(await follow('$res:u/ann/deeper'))).toHaveLength(801);
  });

  test('give no more than 2 million characters', async () => {
    VARIABLES['u/ann/long'] = { value: 'x'.repeat(300_000), is_secret: false };
    await expect(follow(Array.from({ length: 20 }, () => '$var:u/ann/long'))).rejects.toThrow(/longer than 2000000/);
  });
});
