import { z } from 'zod';
import type { Behaviour, FrontDoorDefinition, Origin } from '../front-door/definitions.ts';
import type { Deployment } from './deployment.ts';
import { functionUrls, httpApis } from './http-apis.ts';
import { noEffect, number } from './property-shapes.ts';

const managedCaching = {
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
};

const behaviour = {
  AllowedMethods: z.array(z.string()).default(['GET', 'HEAD']),
  CachedMethods: noEffect,
  CachePolicyId: z.string(),
  Compress: noEffect,
  // AllViewerExceptHostHeader is the one the local front door carries out
  OriginRequestPolicyId: z.literal('b689b0a8-53d0-40ab-baf2-68738e2966ac').optional(),
  ResponseHeadersPolicyId: noEffect,
  TargetOriginId: z.string(),
  ViewerProtocolPolicy: noEffect,
};
const DefaultBehaviour = z.strictObject(behaviour);
const PathBehaviour = z.strictObject({ ...behaviour, PathPattern: z.string() });

const OriginProperties = z.strictObject({
  Id: z.string(),
  DomainName: z.string(),
  OriginPath: z.string().optional(),
  OriginCustomHeaders: z.array(z.strictObject({ HeaderName: z.string(), HeaderValue: z.string() })).default([]),
  CustomOriginConfig: noEffect,
  S3OriginConfig: noEffect,
  OriginAccessControlId: noEffect,
});
type OriginProperties = z.output<typeof OriginProperties>;

const ErrorResponse = z.strictObject({
  ErrorCode: number,
  ResponseCode: number.optional(),
  ResponsePagePath: z.string().optional(),
  ErrorCachingMinTTL: noEffect,
});

const Distribution = z.strictObject({
  DistributionConfig: z.strictObject({
    CacheBehaviors: z.array(PathBehaviour).default([]),
    DefaultCacheBehavior: DefaultBehaviour,
    DefaultRootObject: z.string().optional(),
    CustomErrorResponses: z.array(ErrorResponse).default([]),
    Origins: z.array(OriginProperties),
    Enabled: z.literal(true),
    Comment: noEffect,
    HttpVersion: noEffect,
    IPV6Enabled: noEffect,
    PriceClass: noEffect,
    Aliases: noEffect,
    ViewerCertificate: noEffect,
    Logging: noEffect,
    WebACLId: noEffect,
    Restrictions: noEffect,
  }),
  Tags: noEffect,
});

const targetOf = (deployment: Deployment, domain: string): Origin['target'] => {
  const url = functionUrls(deployment).get(domain);
  if (url !== undefined) return { type: 'function-url', url };
  const [label = '', service] = domain.split('.');
  const api = service === 'execute-api' ? httpApis(deployment).get(label) : undefined;
  if (api !== undefined) return { type: 'http-api', api };
  const bucket = deployment
    .of('AWS::S3::Bucket')
    .find(({ identity }) => [identity.attributes.RegionalDomainName, identity.attributes.DomainName].includes(domain));
  if (bucket === undefined) throw new Error(`origin ${domain} is nothing in this template`);
  return { type: 's3', bucket: bucket.identity.ref };
};

const originOf = (deployment: Deployment, origin: OriginProperties): Origin => ({
  id: origin.Id,
  customHeaders: Object.fromEntries(
    origin.OriginCustomHeaders.map((header) => [header.HeaderName.toLowerCase(), header.HeaderValue]),
  ),
  ...(origin.OriginPath === undefined ? {} : { originPath: origin.OriginPath }),
  target: targetOf(deployment, origin.DomainName),
});

const behaviourOf = (
  properties: z.output<typeof DefaultBehaviour>,
  origins: Record<string, Origin>,
): Omit<Behaviour, 'pathPattern'> => {
  const target = origins[properties.TargetOriginId]?.target;
  if (target?.type !== 's3' && properties.CachePolicyId !== managedCaching.disabled) {
    throw new Error(`behaviour to ${properties.TargetOriginId} caches answers of functions`);
  }
  return { originId: properties.TargetOriginId, allowedMethods: properties.AllowedMethods };
};

/** The one distribution of the template as the local front door understands it, and its ARN's id. */
export const frontDoor = (deployment: Deployment): { id: string; definition: FrontDoorDefinition } => {
  const [resource, ...more] = deployment.of('AWS::CloudFront::Distribution');
  if (resource === undefined || more.length > 0)
    throw new Error('the template must have exactly one CloudFront distribution');
  const { DistributionConfig: config } = deployment.properties(resource, Distribution);
  const origins = Object.fromEntries(config.Origins.map((origin) => [origin.Id, originOf(deployment, origin)]));
  const definition: FrontDoorDefinition = {
    origins,
    behaviours: config.CacheBehaviors.map(({ PathPattern, ...rest }) => ({
      ...behaviourOf(rest, origins),
      pathPattern: PathPattern,
    })),
    defaultBehaviour: behaviourOf(config.DefaultCacheBehavior, origins),
    ...(config.DefaultRootObject === undefined ? {} : { defaultRootObject: config.DefaultRootObject }),
    errorResponses: config.CustomErrorResponses.map((one) => ({
      errorCode: one.ErrorCode,
      ...(one.ResponseCode === undefined ? {} : { responseCode: one.ResponseCode }),
      ...(one.ResponsePagePath === undefined ? {} : { responsePagePath: one.ResponsePagePath }),
    })),
  };
  return { id: resource.identity.ref, definition };
};
