import { z } from 'zod';
import { managedPolicy } from '../iam/managed-policies.ts';
import type { Policies } from '../iam/policies.ts';
import { parsePolicy, type Statement } from '../iam/policy.ts';
import type { Deployment } from './deployment.ts';
import { boolean, nameInArn, noEffect } from './property-shapes.ts';

const Inline = z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown() });
const Role = z.strictObject({
  RoleName: z.string().optional(),
  AssumeRolePolicyDocument: z.unknown(),
  ManagedPolicyArns: z.array(z.string()).default([]),
  Policies: z.array(Inline).default([]),
  Description: noEffect,
  MaxSessionDuration: noEffect,
  Path: noEffect,
  Tags: noEffect,
});
const RolePolicy = z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown(), Roles: z.array(z.string()) });
const ManagedPolicy = z.strictObject({
  ManagedPolicyName: z.string().optional(),
  PolicyDocument: z.unknown(),
  Roles: z.array(z.string()).default([]),
  Description: noEffect,
  Path: noEffect,
});
const BucketPolicy = z.strictObject({ Bucket: z.string(), PolicyDocument: z.unknown() });
const QueuePolicy = z.strictObject({ Queues: z.array(z.string()), PolicyDocument: z.unknown() });
const SecretPolicy = z.strictObject({ SecretId: z.string(), ResourcePolicy: z.unknown(), BlockPublicPolicy: noEffect });
const Permission = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  FunctionUrlAuthType: z.string().optional(),
  InvokedViaFunctionUrl: boolean.optional(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

const readRoles = (deployment: Deployment, policies: Policies): void => {
  for (const resource of deployment.of('AWS::IAM::Role')) {
    const role = deployment.properties(resource, Role);
    const name = resource.identity.ref;
    policies.addRole(name, parsePolicy(role.AssumeRolePolicyDocument, `${resource.logicalId} (trust)`));
    for (const inline of role.Policies) policies.attach(name, parsePolicy(inline.PolicyDocument, inline.PolicyName));
    for (const arn of role.ManagedPolicyArns) {
      if (arn.startsWith('arn:aws:iam::aws:')) policies.attach(name, managedPolicy(arn));
    }
  }
  for (const resource of deployment.of('AWS::IAM::Policy')) {
    const { Roles, PolicyDocument } = deployment.properties(resource, RolePolicy);
    for (const role of Roles) policies.attach(role, parsePolicy(PolicyDocument, resource.logicalId));
  }
  for (const resource of deployment.of('AWS::IAM::ManagedPolicy')) {
    const { Roles, PolicyDocument } = deployment.properties(resource, ManagedPolicy);
    for (const role of Roles) policies.attach(role, parsePolicy(PolicyDocument, resource.logicalId));
  }
};

const readResourcePolicies = (deployment: Deployment, policies: Policies, queueArn: (name: string) => string): void => {
  for (const resource of deployment.of('AWS::S3::BucketPolicy')) {
    const { Bucket, PolicyDocument } = deployment.properties(resource, BucketPolicy);
    policies.attachToResource(`arn:aws:s3:::${Bucket}`, parsePolicy(PolicyDocument, resource.logicalId));
  }
  for (const resource of deployment.of('AWS::SQS::QueuePolicy')) {
    const { Queues, PolicyDocument } = deployment.properties(resource, QueuePolicy);
    for (const url of Queues)
      policies.attachToResource(queueArn(nameInArn(url)), parsePolicy(PolicyDocument, resource.logicalId));
  }
  for (const resource of deployment.of('AWS::SecretsManager::ResourcePolicy')) {
    const { SecretId, ResourcePolicy } = deployment.properties(resource, SecretPolicy);
    policies.attachToResource(SecretId, parsePolicy(ResourcePolicy, resource.logicalId));
  }
};

const permissionStatement = (permission: z.output<typeof Permission>, arn: string): Statement => {
  const equals: Record<string, string[]> = {};
  if (permission.FunctionUrlAuthType !== undefined)
    equals['lambda:FunctionUrlAuthType'] = [permission.FunctionUrlAuthType];
  if (permission.SourceAccount !== undefined) equals['AWS:SourceAccount'] = [permission.SourceAccount];
  const viaUrl = permission.InvokedViaFunctionUrl;
  return {
    Effect: 'Allow',
    Action: [permission.Action],
    Resource: [arn],
    Principal: permission.Principal.endsWith('.amazonaws.com')
      ? { Service: [permission.Principal] }
      : { AWS: [permission.Principal] },
    Condition: {
      StringEquals: equals,
      ...(permission.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': [permission.SourceArn] } }),
      ...(viaUrl === undefined ? {} : { Bool: { 'lambda:InvokedViaFunctionUrl': [String(viaUrl)] } }),
    },
  };
};

/** Reads every policy of the template. A statement that is not understood throws naming its policy. */
export const readPolicies = (
  deployment: Deployment,
  policies: Policies,
  arns: { queue: (name: string) => string; lambda: (name: string) => string },
): void => {
  readRoles(deployment, policies);
  readResourcePolicies(deployment, policies, arns.queue);
  for (const resource of deployment.of('AWS::Lambda::Permission')) {
    const permission = deployment.properties(resource, Permission);
    const arn = arns.lambda(nameInArn(permission.FunctionName));
    policies.attachToResource(arn, [permissionStatement(permission, arn)]);
  }
};
