import { describe, expect, it } from 'vitest';
import type { Context } from '../../../local/iam/conditions.ts';
import { type Caller, decide, mayAssume } from '../../../local/iam/decide.ts';
import { managedPolicy } from '../../../local/iam/managed-policies.ts';
import { parsePolicy, type Statement } from '../../../local/iam/policy.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/jobs';
const role: Caller = { kind: 'role', arn: 'arn:aws:iam::000000000000:role/api' };
const scheduler: Caller = { kind: 'service', name: 'scheduler.amazonaws.com' };

const statements = (...list: object[]): Statement[] =>
  parsePolicy({ Version: '2012-10-17', Statement: list }, 'a test');
const allow = (extra: object): object => ({ Effect: 'Allow', Action: '*', Resource: '*', ...extra });
const deny = (extra: object): object => ({ Effect: 'Deny', Action: '*', Resource: '*', ...extra });

type Row = [fact: string, policy: object[], action: string, resource: string, context: Context, allowed: boolean];
const rows: Row[] = [
  ['nothing is allowed by an empty policy', [], 'sqs:SendMessage', 'q', {}, false],
  [
    'an exact action on an exact resource is allowed',
    [allow({ Action: 'dynamodb:PutItem', Resource: table })],
    'dynamodb:PutItem',
    table,
    {},
    true,
  ],
  ['an action is compared without case', [allow({ Action: 'dynamodb:putitem' })], 'dynamodb:PutItem', table, {}, true],
  ['another action is refused', [allow({ Action: 'dynamodb:PutItem' })], 'dynamodb:GetItem', table, {}, false],
  ['a wildcard action matches its service only', [allow({ Action: 'dynamodb:*' })], 'sqs:SendMessage', 'q', {}, false],
  ['a ? stands for one character', [allow({ Action: 'dynamodb:?etItem' })], 'dynamodb:GetItem', table, {}, true],
  [
    'a dot in a pattern is a dot',
    [allow({ Resource: 'arn:aws:s3:::a.b/*' })],
    's3:GetObject',
    'arn:aws:s3:::aXb/k',
    {},
    false,
  ],
  [
    'a table does not cover its indexes',
    [allow({ Resource: table })],
    'dynamodb:Query',
    `${table}/index/runs`,
    {},
    false,
  ],
  [
    'an index wildcard covers each index',
    [allow({ Resource: `${table}/index/*` })],
    'dynamodb:Query',
    `${table}/index/runs`,
    {},
    true,
  ],
  ['a resource is compared with case', [allow({ Resource: table.toUpperCase() })], 'dynamodb:Query', table, {}, false],
  [
    'an ARN wildcard does not reach over a colon',
    [allow({ Resource: 'arn:aws:s*:us-east-1:000000000000:q' })],
    'sqs:SendMessage',
    'arn:aws:sqs:eu-west-1:us-east-1:000000000000:q',
    {},
    false,
  ],
  [
    'NotAction allows all the rest',
    [allow({ Action: undefined, NotAction: ['iam:*'] })],
    'sqs:SendMessage',
    'q',
    {},
    true,
  ],
  [
    'NotAction leaves out what it names',
    [allow({ Action: undefined, NotAction: ['iam:*'] })],
    'iam:PassRole',
    'q',
    {},
    false,
  ],
  [
    'NotResource leaves out what it names',
    [allow({ Resource: undefined, NotResource: table })],
    'dynamodb:GetItem',
    table,
    {},
    false,
  ],
  [
    'an explicit deny wins over an allow, in any order',
    [allow({}), deny({ Action: 's3:*' })],
    's3:GetObject',
    'b',
    {},
    false,
  ],
  [
    'a deny that does not apply changes nothing',
    [deny({ Action: 's3:*' }), allow({})],
    'sqs:SendMessage',
    'q',
    {},
    true,
  ],
  [
    'StringEquals holds for one of its values',
    [allow({ Condition: { StringEquals: { k: ['a', 'b'] } } })],
    'x:Y',
    'r',
    { k: ['b'] },
    true,
  ],
  ['StringEquals fails for an absent key', [allow({ Condition: { StringEquals: { k: 'a' } } })], 'x:Y', 'r', {}, false],
  [
    'IfExists holds for an absent key',
    [allow({ Condition: { StringEqualsIfExists: { k: 'a' } } })],
    'x:Y',
    'r',
    {},
    true,
  ],
  [
    'StringNotEquals holds for an absent key',
    [allow({ Condition: { StringNotEquals: { k: 'a' } } })],
    'x:Y',
    'r',
    {},
    true,
  ],
  [
    'StringNotEquals refuses each of its values',
    [allow({ Condition: { StringNotEquals: { k: ['a', 'b'] } } })],
    'x:Y',
    'r',
    { k: ['b'] },
    false,
  ],
  [
    'StringLike takes wildcards',
    [allow({ Condition: { StringLike: { k: 'ws#*' } } })],
    'x:Y',
    'r',
    { k: ['ws#1'] },
    true,
  ],
  [
    'a condition key is compared without case',
    [allow({ Condition: { StringEquals: { 'S3:Prefix': 'a' } } })],
    'x:Y',
    'r',
    { 's3:prefix': ['a'] },
    true,
  ],
  [
    'ForAllValues wants every value',
    [allow({ Condition: { 'ForAllValues:StringLike': { k: 'a*' } } })],
    'x:Y',
    'r',
    { k: ['a1', 'b1'] },
    false,
  ],
  [
    'ForAllValues holds for an absent key',
    [allow({ Condition: { 'ForAllValues:StringLike': { k: 'a*' } } })],
    'x:Y',
    'r',
    {},
    true,
  ],
  [
    'ForAnyValue wants one value',
    [allow({ Condition: { 'ForAnyValue:StringLike': { k: 'a*' } } })],
    'x:Y',
    'r',
    { k: ['a1', 'b1'] },
    true,
  ],
  [
    'ForAnyValue fails for an absent key',
    [allow({ Condition: { 'ForAnyValue:StringLike': { k: 'a*' } } })],
    'x:Y',
    'r',
    {},
    false,
  ],
  [
    'ArnLike compares part by part',
    [allow({ Condition: { ArnLike: { k: 'arn:aws:s3:*:*:b' } } })],
    'x:Y',
    'r',
    { k: ['arn:aws:s3:::b'] },
    true,
  ],
  [
    'Bool compares truth as text',
    [deny({ Condition: { Bool: { 'aws:SecureTransport': false } } }), allow({})],
    'x:Y',
    'r',
    { 'aws:SecureTransport': ['true'] },
    true,
  ],
  [
    'Bool denies plain transport',
    [deny({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } }), allow({})],
    'x:Y',
    'r',
    { 'aws:SecureTransport': ['false'] },
    false,
  ],
  [
    'Null true holds for an absent key',
    [deny({ Condition: { Null: { 's3:if-none-match': true } } }), allow({})],
    's3:PutObject',
    'r',
    {},
    false,
  ],
  [
    'Null true fails for a present key',
    [deny({ Condition: { Null: { 's3:if-none-match': true } } }), allow({})],
    's3:PutObject',
    'r',
    { 's3:if-none-match': ['*'] },
    true,
  ],
  [
    'numbers are compared as numbers',
    [allow({ Condition: { NumericLessThan: { k: '10' } } })],
    'x:Y',
    'r',
    { k: ['9'] },
    true,
  ],
  [
    'all operators must hold',
    [allow({ Condition: { StringEquals: { k: 'a' }, Bool: { b: 'true' } } })],
    'x:Y',
    'r',
    { k: ['a'], b: ['false'] },
    false,
  ],
];

describe('identity policies', () => {
  it.each(rows)('%s', (_fact, policy, action, resource, context, allowed) => {
    const decision = decide({ caller: role, action, resource, context }, statements(...policy));
    expect(decision.allowed).toBe(allowed);
  });
});

describe('resource policies', () => {
  const question = { caller: role, action: 'sqs:SendMessage', resource: 'q', context: {} };

  it.each<[string, unknown, Caller, boolean]>([
    ['a star names everybody', '*', role, true],
    ['an AWS star names everybody', { AWS: '*' }, scheduler, true],
    ['a role is named by its ARN', { AWS: role.kind === 'role' ? role.arn : '' }, role, true],
    ['the account root by itself gives no role anything', { AWS: 'arn:aws:iam::000000000000:root' }, role, false],
    ['the account number by itself gives no role anything', { AWS: '000000000000' }, role, false],
    ['another account is nobody', { AWS: 'arn:aws:iam::111111111111:root' }, role, false],
    ['a service is named by its name', { Service: 'scheduler.amazonaws.com' }, scheduler, true],
    ['another service is nobody', { Service: 'lambda.amazonaws.com' }, scheduler, false],
    ['a service principal does not name a role', { Service: 'scheduler.amazonaws.com' }, role, false],
  ])('%s', (_fact, principal, caller, allowed) => {
    expect(decide({ ...question, caller }, [], statements(allow({ Principal: principal }))).allowed).toBe(allowed);
  });

  it('a deny of the resource wins over an allow of the identity', () => {
    const denied = decide(question, statements(allow({})), statements(deny({ Principal: '*' })));
    expect(denied).toEqual({ allowed: false, why: 'explicit deny' });
  });
});

describe('a resource policy that names the account', () => {
  const question = { caller: role, action: 'sqs:SendMessage', resource: 'q', context: {} };
  const account = { Principal: { AWS: 'arn:aws:iam::000000000000:root' } };

  it('leaves an allow of the identity as it is', () => {
    expect(decide(question, statements(allow({})), statements(allow(account))).allowed).toBe(true);
  });

  it('denies every role of the account', () => {
    expect(decide(question, statements(allow({})), statements(deny(account))).allowed).toBe(false);
  });
});

describe('a KMS key', () => {
  const key = 'arn:aws:kms:us-east-1:000000000000:key/1';
  const account = { AWS: 'arn:aws:iam::000000000000:root' };
  const itself = { AWS: 'arn:aws:iam::000000000000:role/api' };
  const identity = allow({ Action: 'kms:Decrypt', Resource: key });
  const when = (purpose: string) => ({ Condition: { StringEquals: { 'kms:EncryptionContext:purpose': purpose } } });

  it.each<[string, object[], object[], boolean]>([
    [
      'opens for a role whose policy allows it when its own names the account',
      [identity],
      [{ Principal: account }],
      true,
    ],
    ['does not open for every role of an account it names', [], [{ Principal: account }], false],
    ['does not listen to policies of roles when its own is silent', [identity], [], false],
    [
      'listens to them for the actions only that it leaves to the account',
      [identity],
      [{ Principal: account, Action: 'kms:Encrypt' }],
      false,
    ],
    ['listens to them under its own condition only', [identity], [{ Principal: account, ...when('masks') }], false],
    ['listens to them where its condition holds', [identity], [{ Principal: account, ...when('secrets') }], true],
    ['opens for a role that its own policy names', [], [{ Principal: itself }], true],
    ['ignores what it leaves to another account', [identity], [{ Principal: { AWS: '111111111111' } }], false],
    [
      'opens for nobody a condition of the role keeps out',
      [{ ...identity, ...when('masks') }],
      [{ Principal: account }],
      false,
    ],
    ['is closed by a deny of the role', [identity, deny({ Resource: key })], [{ Principal: itself }], false],
  ])('%s', (_fact, policy, ofKey, allowed) => {
    const context = { 'kms:EncryptionContext:purpose': ['secrets'] };
    const asked = { caller: role, action: 'kms:Decrypt', resource: key, context };
    expect(decide(asked, statements(...policy), statements(...ofKey.map(allow))).allowed).toBe(allowed);
  });
});

describe('loading a policy', () => {
  it.each<[string, object]>([
    ['an unknown operator', allow({ Condition: { DateGreaterThan: { k: '1' } } })],
    ['an unknown prefix', allow({ Condition: { 'ForSomeValues:StringLike': { k: '1' } } })],
    ['a policy variable', allow({ Resource: `arn:aws:s3:::b/\${aws:username}` })],
    ['Action beside NotAction', allow({ NotAction: 'a:b' })],
    ['an unknown element', allow({ Resorce: '*' })],
  ])('refuses %s and names the policy', (_what, statement) => {
    expect(() => parsePolicy({ Version: '2012-10-17', Statement: [statement] }, 'ApiRole')).toThrow(
      /policy of ApiRole/,
    );
  });

  it('knows the basic execution role as logs and nothing else', () => {
    const identity = managedPolicy('arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole');
    const ask = (action: string) => decide({ caller: role, action, resource: 'arn:x', context: {} }, identity).allowed;
    expect([ask('logs:PutLogEvents'), ask('s3:GetObject')]).toEqual([true, false]);
  });

  it('refuses an AWS managed policy it does not know', () => {
    expect(() => managedPolicy('arn:aws:iam::aws:policy/AdministratorAccess')).toThrow(/AdministratorAccess/);
  });

  it('lets a service wear a role only when the trust policy names it', () => {
    const trust = parsePolicy(
      { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } } },
      'r',
    );
    expect([
      mayAssume('lambda.amazonaws.com', '000000000000', trust),
      mayAssume('scheduler.amazonaws.com', '000000000000', trust),
    ]).toEqual([true, false]);
  });
});
