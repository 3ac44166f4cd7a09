import { describe, expect, it } from 'vitest';
import { identities } from '../../../local/assembly/identities.ts';
import { Resolver } from '../../../local/assembly/resolver.ts';
import { Template } from '../../../local/assembly/template.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };
const data = {
  name: 'data',
  template: Template.parse({
    Resources: {
      Jobs: { Type: 'AWS::DynamoDB::Table' },
      Named: {
        Type: 'AWS::SQS::Queue',
        Properties: { QueueName: { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] } },
      },
    },
    Outputs: {
      Table: { Value: { 'Fn::GetAtt': ['Jobs', 'Arn'] }, Export: { Name: { 'Fn::Sub': `\${AWS::StackName}:table` } } },
      Hidden: { Value: 'x', Export: { Name: 'hidden' }, Condition: 'Never' },
    },
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
  }),
};
const main = {
  name: 'main',
  template: Template.parse({
    Resources: { Maybe: { Type: 'AWS::SQS::Queue', Condition: 'IsProd' }, Bucket: { Type: 'AWS::S3::Bucket' } },
    Parameters: { Stage: { Type: 'String', Default: 'dev' }, Needed: { Type: 'String' } },
    Conditions: {
      IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
      IsDev: { 'Fn::Not': [{ Condition: 'IsProd' }] },
      Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
      Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    },
    Mappings: { Sizes: { dev: { memory: 128 } } },
  }),
};

const resolver = (parameters: Record<string, string> = {}) =>
  new Resolver({
    stacks: [data, main],
    place,
    parameters,
    identify: identities(place, 'http://127.0.0.1:9'),
    secretValue: (id) => (id.endsWith('json') ? '{"user":"u"}' : `<${id}>`),
  });
const resolve = (value: unknown, parameters?: Record<string, string>): unknown =>
  resolver(parameters).resolve(main, value);

describe('resolving a template', () => {
  it.each<[string, unknown, unknown]>([
    ['pseudo parameters', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['a parameter by its default', { Ref: 'Stage' }, 'dev'],
    ['a join of joins', { 'Fn::Join': ['/', ['a', { 'Fn::Join': ['', ['b', { Ref: 'AWS::Partition' }]] }]] }, 'a/baws'],
    [
      'a substitution with its own variables, attributes and a literal',
      { 'Fn::Sub': [`\${X}-\${Bucket.Arn}-\${!Y}`, { X: { Ref: 'Stage' } }] },
      `dev-arn:aws:s3:::main-bucket-\${Y}`,
    ],
    ['a part of a split', { 'Fn::Select': [2, { 'Fn::Split': ['/', 'https://host/x'] }] }, 'host'],
    [
      'an import of what another stack exports',
      { 'Fn::ImportValue': 'data:table' },
      'arn:aws:dynamodb:us-east-1:000000000000:table/data-Jobs',
    ],
    ['a mapping', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, 128],
    ['zones of the region', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
    ['one branch of an if', { 'Fn::If': ['IsDev', 'yes', { Ref: 'Missing' }] }, 'yes'],
    ['an and', { 'Fn::If': ['Both', 1, 2] }, 2],
    ['an or', { 'Fn::If': ['Either', 1, 2] }, 1],
    [
      'no value, by leaving the member out',
      { a: 1, b: { Ref: 'AWS::NoValue' }, c: [{ Ref: 'AWS::NoValue' }, 2] },
      { a: 1, c: [2] },
    ],
    [
      'a statement whose only member is Condition as a plain object',
      { Condition: { Bool: { k: 'true' } } },
      { Condition: { Bool: { k: 'true' } } },
    ],
    [
      'a secret by ARN, joined from pieces',
      {
        'Fn::Join': [
          '',
          ['{{resolve:secretsmanager:', 'arn:aws:secretsmanager:r:1:secret:n-a1', ':SecretString:::}}', ',', 'b'],
        ],
      },
      '<arn:aws:secretsmanager:r:1:secret:n-a1>,b',
    ],
    ['a member of a JSON secret', '{{resolve:secretsmanager:json:SecretString:user::}}', 'u'],
  ])('gives %s', (_what, value, expected) => {
    expect(resolve(value)).toEqual(expected);
  });

  it('takes the given value of a parameter before its default', () => {
    expect(resolve({ 'Fn::If': ['IsProd', 'p', 'd'] }, { Stage: 'prod' })).toBe('p');
  });

  it('leaves out a resource whose condition is false', () => {
    const [maybe] = Object.values(main.template.Resources);
    expect(maybe === undefined ? undefined : resolver().exists(main, maybe)).toBe(false);
  });

  it('gives a queue the name of the template, in its URL and its ARN', () => {
    expect(resolver().resolve(data, [{ Ref: 'Named' }, { 'Fn::GetAtt': 'Named.Arn' }])).toEqual([
      'http://127.0.0.1:9/000000000000/a-us-east-1',
      'arn:aws:sqs:us-east-1:000000000000:a-us-east-1',
    ]);
  });

  it('prefers what a resource turned out to be', () => {
    const told = resolver();
    told.provide(main, 'Bucket', { ref: 'real', attributes: { Arn: 'arn:real' } });
    expect(told.resolve(main, [{ Ref: 'Bucket' }, { 'Fn::GetAtt': ['Bucket', 'Arn'] }])).toEqual(['real', 'arn:real']);
  });

  it.each<[string, unknown, RegExp]>([
    ['an intrinsic it does not know', { 'Fn::Cidr': ['a'] }, /Fn::Cidr/],
    ['a reference to nothing', { Ref: 'Missing' }, /Missing/],
    ['an attribute nobody computed', { 'Fn::GetAtt': ['Bucket', 'WebsiteURL'] }, /Bucket\.WebsiteURL/],
    ['a parameter without a value', { Ref: 'Needed' }, /Needed/],
    ['an import nobody exports', { 'Fn::ImportValue': 'hidden' }, /hidden/],
    ['a dynamic reference of another kind', '{{resolve:ssm:/a}}', /resolve:ssm/],
  ])('refuses %s and names it', (_what, value, message) => {
    expect(() => resolve(value)).toThrow(message);
  });
});
