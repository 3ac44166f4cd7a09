import { z } from 'zod';
import type { Policies } from '../iam/policies.ts';
import { parsePolicy } from '../iam/policy.ts';
import type { KmsService } from '../services/kms/kms-service.ts';
import type { Place } from '../services/service.ts';
import type { Deployment } from './deployment.ts';
import { noEffect } from './property-shapes.ts';

const Properties = z.strictObject({
  Description: z.string().optional(),
  KeyPolicy: z.unknown().optional(),
  KeySpec: z.literal('SYMMETRIC_DEFAULT').optional(),
  KeyUsage: z.literal('ENCRYPT_DECRYPT').optional(),
  EnableKeyRotation: noEffect,
  RotationPeriodInDays: noEffect,
  PendingWindowInDays: noEffect,
  Tags: noEffect,
});

/** What AWS gives a key whose template states no policy. */
const defaultPolicy = (accountId: string): object => ({
  Statement: [
    { Effect: 'Allow', Action: 'kms:*', Resource: '*', Principal: { AWS: `arn:aws:iam::${accountId}:root` } },
  ],
});

/** Makes the keys and attaches their policies, before anything refers to a key's ARN. */
export const buildKeys = (deployment: Deployment, service: KmsService, policies: Policies, place: Place): void => {
  for (const resource of deployment.of('AWS::KMS::Key')) {
    const { Description, KeyPolicy } = deployment.properties(resource, Properties);
    const { id, arn } = service.createKey(`${resource.stack.name}-${resource.logicalId}`, Description);
    deployment.resolver.provide(resource.stack, resource.logicalId, { ref: id, attributes: { Arn: arn, KeyId: id } });
    policies.attachToResource(arn, parsePolicy(KeyPolicy ?? defaultPolicy(place.accountId), resource.logicalId));
  }
};
