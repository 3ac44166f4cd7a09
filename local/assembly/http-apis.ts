import { z } from 'zod';
import type { Cors, FunctionUrlDefinition, HttpApiDefinition } from '../front-door/definitions.ts';
import type { Deployment } from './deployment.ts';
import { boolean, nameInArn, noEffect, number } from './property-shapes.ts';

const CorsProperties = z
  .strictObject({
    AllowOrigins: z.array(z.string()),
    AllowMethods: z.array(z.string()).optional(),
    AllowHeaders: z.array(z.string()).optional(),
    ExposeHeaders: z.array(z.string()).optional(),
    AllowCredentials: boolean.optional(),
    MaxAge: number.optional(),
  })
  .transform(
    (cors): Cors => ({
      allowOrigins: cors.AllowOrigins,
      ...(cors.AllowMethods === undefined ? {} : { allowMethods: cors.AllowMethods }),
      ...(cors.AllowHeaders === undefined ? {} : { allowHeaders: cors.AllowHeaders }),
      ...(cors.ExposeHeaders === undefined ? {} : { exposeHeaders: cors.ExposeHeaders }),
      ...(cors.AllowCredentials === undefined ? {} : { allowCredentials: cors.AllowCredentials }),
      ...(cors.MaxAge === undefined ? {} : { maxAgeSeconds: cors.MaxAge }),
    }),
  );

const Api = z.strictObject({
  Name: noEffect,
  Description: noEffect,
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: CorsProperties.optional(),
  Tags: noEffect,
});
const Integration = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
});
const Route = z.strictObject({
  ApiId: z.string(),
  AuthorizationType: z.literal('NONE').optional(),
  RouteKey: z.string(),
  Target: z.string().startsWith('integrations/'),
});
const Url = z.strictObject({
  AuthType: z.literal('NONE'),
  Cors: CorsProperties.optional(),
  InvokeMode: z.enum(['BUFFERED', 'RESPONSE_STREAM']).default('BUFFERED'),
  TargetFunctionArn: z.string(),
});

/** The HTTP APIs of the template, by API id. */
export const httpApis = (deployment: Deployment): Map<string, HttpApiDefinition> => {
  const targets = new Map<string, string>();
  for (const resource of deployment.of('AWS::ApiGatewayV2::Integration')) {
    const { IntegrationUri } = deployment.properties(resource, Integration);
    targets.set(`integrations/${resource.identity.ref}`, nameInArn(IntegrationUri));
  }
  const routes = deployment.of('AWS::ApiGatewayV2::Route').map((resource) => {
    const route = deployment.properties(resource, Route);
    const functionName = targets.get(route.Target);
    if (functionName === undefined) throw new Error(`${resource.logicalId}: no integration ${route.Target}`);
    return { apiId: route.ApiId, routeKey: route.RouteKey, functionName };
  });
  const apis = deployment.of('AWS::ApiGatewayV2::Api').map((resource): HttpApiDefinition => {
    const { CorsConfiguration: cors } = deployment.properties(resource, Api);
    const own = routes.filter(({ apiId }) => apiId === resource.identity.ref);
    return {
      id: resource.identity.ref,
      routes: own.map(({ routeKey, functionName }) => ({ routeKey, functionName })),
      ...(cors === undefined ? {} : { cors }),
    };
  });
  return new Map(apis.map((api) => [api.id, api]));
};

/** The function URLs of the template, by host name. */
export const functionUrls = (deployment: Deployment): Map<string, FunctionUrlDefinition> =>
  new Map(
    deployment.of('AWS::Lambda::Url').map((resource) => {
      const url = deployment.properties(resource, Url);
      const host = new URL(resource.identity.attributes.FunctionUrl ?? '').host;
      const definition: FunctionUrlDefinition = {
        id: host.split('.')[0] ?? host,
        functionName: nameInArn(url.TargetFunctionArn),
        invokeMode: url.InvokeMode,
        ...(url.Cors === undefined ? {} : { cors: url.Cors }),
      };
      return [host, definition];
    }),
  );
