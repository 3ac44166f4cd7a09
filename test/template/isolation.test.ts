import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Synthesized } from './synthesized.ts';

const cloud = new Synthesized();
const runner = cloud.fn('GroupdefaultRunnerFunction');
const roleOf = (fn: typeof runner): string => fn.Properties.Role['Fn::GetAtt'][0];

describe('the runner', () => {
  it('gives every tenant environments of its own', () => {
    expect(runner.Properties.TenancyConfig).toEqual({ TenantIsolationMode: 'PER_TENANT' });
  });

  it('has a role that allows nothing, not even logging', () => {
    const role = cloud.all('AWS::IAM::Role').get(roleOf(runner))!;
    expect(Object.keys(role.Properties)).toEqual(['AssumeRolePolicyDocument', 'Description']);
    expect(cloud.policies().get(roleOf(runner))).toEqual([]);
    expect(cloud.all('AWS::IAM::ManagedPolicy').size).toBe(0);
  });

  it('shares its role with no other function', () => {
    const roles = [...cloud.all('AWS::Lambda::Function').values()].map(roleOf);
    expect(new Set(roles).size).toBe(roles.length);
  });

  it('knows nothing: no environment variable, no network of ours, no layer', () => {
    for (const property of ['Environment', 'VpcConfig', 'Layers', 'FileSystemConfigs']) {
      expect(runner.Properties[property]).toBeUndefined();
    }
  });

  it('is reached by no event source, no URL and no resource policy', () => {
    const targets = [
      ...[...cloud.all('AWS::Lambda::EventSourceMapping').values()].map(({ Properties }) => Properties.FunctionName),
      ...[...cloud.all('AWS::Lambda::Url').values()].map(({ Properties }) => Properties.TargetFunctionArn),
      ...[...cloud.all('AWS::Lambda::Permission').values()].map(({ Properties }) => Properties.FunctionName),
      ...[...cloud.all('AWS::Scheduler::Schedule').values()].map(({ Properties }) => Properties.Target.Arn),
    ].map((target) => cloud.text(target));
    expect(targets.length).toBeGreaterThan(8);
    expect(targets.filter((target) => target.includes('Runner'))).toEqual([]);
  });

  it('is invoked by dispatch and wait, and by nobody else', () => {
    expect(cloud.rolesThatMay('lambda:InvokeFunction', /Runner/)).toEqual([
      'GroupdefaultDispatchRole',
      'WaitPlatformRole',
    ]);
  });

  it('runs at most as many jobs at once as the configuration reserves', () => {
    expect(runner.Properties.ReservedConcurrentExecutions).toBe(150);
  });

  it('is an arm64 image started by index.handler', () => {
    expect(runner.Properties).toMatchObject({
      PackageType: 'Image',
      Architectures: ['arm64'],
      ImageConfig: { Command: ['index.handler'] },
    });
  });
});

describe('secrets', () => {
  it('lets dispatch and wait sign, and seed publish the public half', () => {
    expect(cloud.rolesThatMay('secretsmanager:GetSecretValue', /^SigningSecret/)).toEqual([
      'GroupdefaultDispatchRole',
      'SeedRole',
      'WaitPlatformRole',
    ]);
  });

  it('lets frames alone put packages, and dispatch and wait read them or take away a damaged one', () => {
    expect(cloud.rolesThatMay('s3:PutObject', /^Cache/)).toEqual(['FramesRole']);
    for (const action of ['s3:GetObject', 's3:DeleteObject'])
      expect(cloud.rolesThatMay(action, /^Cache/)).toEqual(['GroupdefaultDispatchRole', 'WaitPlatformRole']);
    expect(cloud.rolesThatMay('s3:ListBucket', /^Cache/)).toEqual([]);
  });

  it('lets seed alone read the admin token', () => {
    expect(cloud.rolesThatMay('secretsmanager:GetSecretValue', /^AdminToken/)).toEqual(['SeedRole']);
  });

  it('lets api make keys of secrets, and api, dispatch and wait open them', () => {
    expect(cloud.rolesThatMay('kms:GenerateDataKey', /^SecretsKey/)).toEqual(['ApiRole']);
    expect(cloud.rolesThatMay('kms:Decrypt', /^SecretsKey/)).toEqual([
      'ApiRole',
      'GroupdefaultDispatchRole',
      'WaitPlatformRole',
    ]);
  });

  it('lets nobody do more with the key, on another key, or without a purpose', () => {
    const statements = [...cloud.policies().values()].flat();
    const onKeys = statements.filter(({ Action }) => Action.some((action) => action.startsWith('kms:')));
    expect(onKeys).toHaveLength(3);
    for (const { Action, Resource, Condition } of onKeys) {
      expect(['kms:Decrypt', 'kms:GenerateDataKey']).toEqual(expect.arrayContaining(Action));
      expect(Resource).toEqual([expect.stringMatching(/^SecretsKey/)]);
      expect(Condition).toEqual({ StringEquals: { 'kms:EncryptionContext:purpose': ['secrets', 'masks'] } });
    }
    const { KeyPolicy, EnableKeyRotation } = cloud.one('AWS::KMS::Key', 'SecretsKey').Properties;
    expect(EnableKeyRotation).toBe(true);
    expect(KeyPolicy.Statement).toHaveLength(1);
    expect(cloud.text(KeyPolicy.Statement[0].Principal.AWS)).toMatch(/^arn:AWS::Partition:iam::AWS::AccountId:root$/);
    expect(cloud.all('AWS::KMS::Key').size).toBe(1);
  });

  it('tells the key to those who may use it, and to no other function', () => {
    const told = [...cloud.all('AWS::Lambda::Function')].filter(
      ([, { Properties }]) => Properties.Environment?.Variables.SECRETS_KEY_ARN !== undefined,
    );
    const names = told.map(([id]) => id.replace(/Function[0-9A-F]{8}$/, ''));
    // Frames may open masks with it where there are tasks, and elsewhere nothing.
    expect(new Set(names)).toEqual(new Set(['Api', 'Frames', 'GroupdefaultDispatch', 'WaitPlatform']));
  });

  it('has no value of a secret in a template', () => {
    for (const { Properties } of cloud.all('AWS::SecretsManager::Secret').values()) {
      expect(Properties.SecretString).toBeUndefined();
      expect(Properties.GenerateSecretString).toEqual({ PasswordLength: 48, ExcludePunctuation: true });
    }
  });
});

describe('roles', () => {
  const statements = [...cloud.policies().values()].flat();

  it('allow no action by a wildcard', () => {
    expect(statements.flatMap(({ Action }) => Action).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('name every resource, except objects of jobs, packages and schedules of one group', () => {
    const wild = new Set(statements.flatMap(({ Resource }) => Resource).filter((resource) => resource.includes('*')));
    for (const resource of wild) {
      expect(resource).toMatch(
        /\/jobs\/\*\/(args|code|result|log|request)\/\*$|\/(archive|packages)\/\*$|:schedule\/millrace-dev-workers-jobs\/\*$/,
      );
    }
  });

  it('use no managed policy', () => {
    for (const { Properties } of cloud.all('AWS::IAM::Role').values()) {
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      expect(Properties.Policies).toBeUndefined();
    }
  });

  it('pass one role only, to EventBridge Scheduler only', () => {
    const passing = statements.filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(passing.length).toBe(6);
    for (const { Resource, Condition } of passing) {
      expect(Resource).toEqual([expect.stringMatching(/^SchedulesSender/)]);
      expect(Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    }
  });

  it('let schedules do nothing but send to queues', () => {
    const [sender] = [...cloud.policies()].find(([role]) => role.startsWith('SchedulesSender'))![1];
    expect(sender!.Action).toEqual(['sqs:SendMessage']);
    expect(sender!.Resource).toHaveLength(6);
  });

  it('let frames read a job and note what its runner said, nothing more', () => {
    expect(cloud.rolesThatMay('dynamodb:UpdateItem', /^Jobs/)).toContain('FramesRole');
    expect(cloud.rolesThatMay('dynamodb:PutItem', /./)).not.toContain('FramesRole');
    expect(cloud.rolesThatMay('s3:GetObject', /./)).not.toContain('FramesRole');
  });

  it('let stream read only', () => {
    const writes = [
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:DeleteItem',
      's3:PutObject',
      'sqs:SendMessage',
    ];
    for (const action of writes) expect(cloud.rolesThatMay(action, /./)).not.toContain('StreamPlatformRole');
  });

  it('let expiry read the stream and take away what lay beside jobs; only it archives', () => {
    expect(cloud.rolesThatMay('dynamodb:GetRecords', /^Jobs/)).toEqual(['UpkeepExpiryRole']);
    expect(cloud.rolesThatMay('s3:PutObject', /archive/)).toEqual(['UpkeepExpiryRole']);
    for (const action of ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'lambda:InvokeFunction'])
      expect(cloud.rolesThatMay(action, /./)).not.toContain('UpkeepExpiryRole');
  });

  it('let only the api and seed write the catalog, but for lines of the audit log ticks of schedules and locks', () => {
    expect(cloud.rolesThatMay('dynamodb:PutItem', /^Catalog/, true)).toEqual(['ApiRole', 'SeedRole']);
    const conditions = [...cloud.policies().values()]
      .flat()
      .filter(
        ({ Action, Resource, Condition }) =>
          Condition !== undefined &&
          Action.includes('dynamodb:PutItem') &&
          Resource.some((each) => each.startsWith('Catalog')),
      )
      .map(({ Condition }) => Condition);
    const only = (partitions: string) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partitions] } });
    for (const [partitions, functions] of [
      ['*#audit', 5],
      ['*#schedules', 4],
      ['*#locks', 4],
    ] as const)
      expect(conditions.filter((condition) => isDeepStrictEqual(condition, only(partitions)))).toHaveLength(functions);
    expect(conditions).toHaveLength(13);
    expect(cloud.rolesThatMay('dynamodb:UpdateItem', /^Catalog/)).toEqual(['ApiRole']);
    expect(cloud.rolesThatMay('dynamodb:DeleteItem', /^Catalog/)).toEqual(['ApiRole']);
  });
});
