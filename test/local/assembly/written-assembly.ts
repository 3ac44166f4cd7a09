import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Json = Record<string, unknown>;
const HASH = 'a'.repeat(64);
const lambdaRole = {
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
    },
  },
};
const getAtt = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
const withRole = (Statement: Json[]) => ({
  Type: 'AWS::IAM::Policy',
  Properties: { PolicyName: 'p', PolicyDocument: { Statement }, Roles: [{ Ref: 'Role' }] },
});

/** One function behind everything: a function URL, an HTTP API, a queue, a custom resource; and pages in a bucket. */
export const smallStack = (): Record<string, { Type: string; Properties?: Json }> => ({
  AdminToken: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { PasswordLength: 40 } } },
  Key: { Type: 'AWS::KMS::Key', Properties: { EnableKeyRotation: true } },
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    },
  },
  Pages: { Type: 'AWS::S3::Bucket' },
  PagesPolicy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: {
      Bucket: { Ref: 'Pages' },
      PolicyDocument: {
        Statement: {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Principal: { Service: 'cloudfront.amazonaws.com' },
          Resource: { 'Fn::Sub': `\${Pages.Arn}/*` },
        },
      },
    },
  },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } },
  Role: structuredClone(lambdaRole),
  RolePolicy: withRole([
    { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: getAtt('Table', 'Arn') },
    { Effect: 'Allow', Action: 'sqs:*', Resource: getAtt('Queue', 'Arn') },
  ]),
  EchoFunction: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'assets', S3Key: `${HASH}.zip` },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: getAtt('Role', 'Arn'),
      Timeout: 10,
      MemorySize: 256,
      Environment: {
        Variables: {
          TABLE: { Ref: 'Table' },
          KEY: getAtt('Key', 'Arn'),
          ORIGIN: { 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'AdminToken' }, ':SecretString:::}}']] },
        },
      },
    },
  },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: getAtt('Queue', 'Arn'), FunctionName: { Ref: 'EchoFunction' }, BatchSize: 1 },
  },
  Url: {
    Type: 'AWS::Lambda::Url',
    Properties: { AuthType: 'NONE', InvokeMode: 'BUFFERED', TargetFunctionArn: getAtt('EchoFunction', 'Arn') },
  },
  UrlPermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName: { Ref: 'EchoFunction' },
      Principal: '*',
      FunctionUrlAuthType: 'NONE',
    },
  },
  InvokePermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'EchoFunction' },
      Principal: '*',
      InvokedViaFunctionUrl: true,
    },
  },
  Distribution: {
    Type: 'AWS::CloudFront::Distribution',
    Properties: {
      DistributionConfig: {
        Enabled: true,
        DefaultRootObject: 'index.html',
        DefaultCacheBehavior: { CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6', TargetOriginId: 'pages' },
        CacheBehaviors: [
          {
            PathPattern: '/api/*',
            AllowedMethods: ['GET', 'POST'],
            CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
            TargetOriginId: 'url',
          },
        ],
        Origins: [
          { Id: 'pages', DomainName: getAtt('Pages', 'RegionalDomainName') },
          {
            Id: 'url',
            DomainName: { 'Fn::Select': [2, { 'Fn::Split': ['/', getAtt('Url', 'FunctionUrl')] }] },
            OriginCustomHeaders: [{ HeaderName: 'X-Origin', HeaderValue: 'secret' }],
          },
        ],
      },
    },
  },
  Seed: { Type: 'Custom::Seed', Properties: { ServiceToken: getAtt('EchoFunction', 'Arn'), Word: 'one' } },
});

/** Writes an assembly of one stack whose function has this code; answers its folder. */
export const writeAssembly = (Resources: Json, code: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-assembly-'));
  const write = (file: string, content: unknown): void => writeFileSync(join(folder, file), JSON.stringify(content));
  mkdirSync(join(folder, `asset.${HASH}`));
  writeFileSync(join(folder, `asset.${HASH}`, 'index.mjs'), code);
  write('manifest.json', {
    version: '55.0.0',
    artifacts: {
      'small.assets': { type: 'cdk:asset-manifest', properties: { file: 'small.assets.json' } },
      small: {
        type: 'aws:cloudformation:stack',
        dependencies: ['small.assets'],
        properties: { templateFile: 'small.template.json' },
      },
    },
  });
  write('small.assets.json', { files: { [HASH]: { source: { path: `asset.${HASH}`, packaging: 'zip' } } } });
  write('small.template.json', { Resources });
  return folder;
};
