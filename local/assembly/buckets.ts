import { z } from 'zod';
import type { S3Service } from '../services/s3/s3-service.ts';
import type { Deployment } from './deployment.ts';
import { noEffect, number } from './property-shapes.ts';

// What expires objects is not carried out here: the functions must not depend on it.
const Rule = z.object({ AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: number }).optional() });

const Properties = z.strictObject({
  BucketName: z.string().optional(),
  LifecycleConfiguration: z.object({ Rules: z.array(Rule) }).optional(),
  BucketEncryption: noEffect,
  OwnershipControls: noEffect,
  PublicAccessBlockConfiguration: noEffect,
  VersioningConfiguration: noEffect,
  Tags: noEffect,
});

export const buildBuckets = (deployment: Deployment, service: S3Service): void => {
  for (const resource of deployment.of('AWS::S3::Bucket')) {
    const { LifecycleConfiguration: lifecycle } = deployment.properties(resource, Properties);
    const days = lifecycle?.Rules.map((rule) => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation).find(
      (one) => one !== undefined,
    );
    service.createBucket({
      name: resource.identity.ref,
      ...(days === undefined ? {} : { lifecycle: { abortIncompleteUploadDays: days } }),
    });
  }
};
