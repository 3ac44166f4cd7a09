import { describe, expect, it } from 'vitest';
import type { Standing } from '../../../shared/access/standing.ts';
import { resolveArgs } from '../../../shared/jobs/resolve-args.ts';
import type { ValueReads } from '../../../shared/jobs/value-ports.ts';
import type { AuditLine } from '../../../shared/model/audit.ts';
import { encryptedValue, valueBinding } from '../../../shared/model/encrypted-value.ts';
import { notFound, Problem } from '../../../shared/model/errors.ts';
import type { Json } from '../../../shared/model/json.ts';
import { aesBox } from '../../support/aes-box.ts';
import { aJob } from '../../support/stores.ts';

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
const JOB = aJob({ id: 'job', permissioned_as: 'u/ann', email: 'ann@x.io', refs: true });

const VARIABLES: Record<string, { value: string; is_secret: boolean }> = {
  'u/ann/host': { value: 'a "host"', is_secret: false },
  'u/ann/password': { value: 'hunter2-and-more', is_secret: true },
  'u/ann/json': { value: '{"n": 1, "key": "a key in JSON"}', is_secret: true },
};
const RESOURCES: Record<string, Json> = { 'u/ann/db': { host: '$var:u/ann/host', password: '$var:u/ann/password' } };
const values: ValueReads = {
  variable: async (standing, path) => {
    if (!path.startsWith('u/ann/'))
      throw new Problem(403, `Permission denied: ${standing.permissioned_as} may not read variable ${path}`);
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
const valueBox = aesBox();
let audited: AuditLine[] = [];

const resolve = (text: string) => {
  audited = [];
  const audit = { append: async (entry: AuditLine) => void audited.push(entry) };
  return resolveArgs({ values, valueBox, audit }, JOB, ANN, text, 5_000);
};

describe('references among arguments', () => {
  it('give way to what they stand for; all else stays as it came, to the last digit', async () => {
    const text = `{ "n": 12345678901234567890.10, "v":"$var:u/ann/host",\n "d": {"db": "$res:u/ann/db"}, "v": "$var:u/ann/host" }`;
    expect((await resolve(text)).text).toBe(
      `{ "n": 12345678901234567890.10, "v":"a \\"host\\"",\n "d": {"db": {"host":"a \\"host\\"","password":"hunter2-and-more"}}, "v": "a \\"host\\"" }`,
    );
  });

  it('tell which secrets came of them, and each use of a secret is written down once', async () => {
    const { text, secrets } = await resolve(
      '{"a":"$res:u/ann/db","b":["$jsonvar:u/ann/json"],"c":"$var:u/ann/password"}',
    );
    expect(JSON.parse(text).b).toEqual([{ n: 1, key: 'a key in JSON' }]);
    expect(new Set(secrets)).toEqual(
      new Set(['a key in JSON', 'hunter2-and-more', '{"n": 1, "key": "a key in JSON"}']),
    );
    expect(
      audited
        .map(({ operation, resource, job }) => `${operation} ${resource} ${job}`)
        .toSorted((one, other) => one.localeCompare(other)),
    ).toEqual(['variables.decrypt_secret u/ann/json job', 'variables.decrypt_secret u/ann/password job']);
  });

  it('to sealed values open for the identity that they were sealed for, and for nobody else', async () => {
    const sealed = async (who: string) =>
      `$encrypted:${encryptedValue(who, await valueBox.seal('demo', valueBinding(who), 'sealed away'))}`;
    const mine = await resolve(JSON.stringify({ a: await sealed('u/ann') }));
    expect(mine).toEqual({ text: '{"a":"sealed away"}', secrets: ['sealed away'] });
    await expect(resolve(JSON.stringify({ a: await sealed('u/bob') }))).rejects.toThrow(
      /Argument a \(\$encrypted:\.\.\.\)/,
    );
    const forged = (await sealed('u/bob')).replace('$encrypted:', '').split('.').at(-1) ?? '';
    await expect(resolve(JSON.stringify({ a: `$encrypted:${encryptedValue('u/ann', forged)}` }))).rejects.toThrow(
      /does not open/,
    );
  });

  it('that lead nowhere, or where the job may not read, fail it by argument and path', async () => {
    await expect(resolve('{"db":{"hosts":["$var:u/ann/none"]}}')).rejects.toMatchObject({
      name: 'NotRunnable',
      message:
        'Argument db.hosts[0] ($var:u/ann/none) cannot be resolved: Not found: variable u/ann/none does not exist',
    });
    await expect(resolve('{"x":"$var:u/bob/password"}')).rejects.toThrow(
      'Argument x ($var:u/bob/password) cannot be resolved: Permission denied: u/ann may not read variable u/bob/password',
    );
    await expect(resolve('{"x":"$jsonvar:u/ann/password"}')).rejects.toThrow(/^Argument x (?!.*hunter2).*not JSON/);
  });

  it('are resolved up to 4 MiB of arguments', async () => {
    const of = (length: number) => `{"a":"$var:u/ann/host","b":"${'x'.repeat(length)}"}`;
    expect((await resolve(of(4_000_000))).text).toHaveLength(of(4_000_000).length - '$var:u/ann/host'.length + 10);
    await expect(resolve(of(4_200_000))).rejects.toThrow(/works up to 4194304 bytes/);
  });
});
