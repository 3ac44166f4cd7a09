import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FunctionDefinition } from '../lambda/definitions.ts';
import type { Deployment, Resource } from './deployment.ts';
import { nameInArn, noEffect, number } from './property-shapes.ts';

const Code = z.union([
  z
    .strictObject({ S3Bucket: noEffect, S3Key: z.string() })
    .transform(({ S3Key }) => ({ zip: S3Key.replace(/\.zip$/, '') })),
  z.strictObject({ ImageUri: z.string() }).transform(({ ImageUri }) => ({ image: ImageUri.split(':').at(-1) ?? '' })),
]);

const Properties = z.strictObject({
  FunctionName: z.string().optional(),
  Code,
  Role: z.string(),
  Handler: z.string().optional(),
  Runtime: z.literal('nodejs24.x').optional(),
  PackageType: z.enum(['Zip', 'Image']).optional(),
  ImageConfig: z.strictObject({ Command: z.array(z.string()).optional() }).optional(),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()).default({}) }).optional(),
  Timeout: number.default(3),
  MemorySize: number.default(128),
  ReservedConcurrentExecutions: number.optional(),
  TenancyConfig: z.strictObject({ TenantIsolationMode: z.literal('PER_TENANT') }).optional(),
  LoggingConfig: z.object({ LogFormat: z.enum(['JSON', 'Text']).optional() }).optional(),
  Architectures: noEffect,
  Description: noEffect,
  RecursiveLoop: noEffect,
  TracingConfig: noEffect,
  Tags: noEffect,
});
type Properties = z.output<typeof Properties>;

/** `CMD ["index.handler"]` of an image whose template names no command. */
const dockerCommand = (folder: string): string[] => {
  const found = /^CMD\s+(\[.*\])\s*$/m.exec(readFileSync(join(folder, 'Dockerfile'), 'utf8'))?.[1];
  return found === undefined ? [] : z.array(z.string()).parse(JSON.parse(found));
};

type Entry = Pick<FunctionDefinition, 'handler' | 'codeDir' | 'image'>;

/** An image's stand-in is the folder `app` of its asset: what the Dockerfile copies to the task root. */
const entryOf = (deployment: Deployment, { Code: code, ...properties }: Properties): Entry => {
  if ('zip' in code) {
    const codeDir = deployment.assembly.zips.get(code.zip);
    if (codeDir === undefined || properties.Handler === undefined)
      throw new Error(`no asset ${code.zip}, or no Handler`);
    return { handler: properties.Handler, codeDir };
  }
  const folder = deployment.assembly.images.get(code.image);
  if (folder === undefined) throw new Error(`no image asset ${code.image}`);
  const command = properties.ImageConfig?.Command ?? dockerCommand(folder);
  const [handler] = command;
  if (handler === undefined) throw new Error('neither ImageConfig.Command nor the Dockerfile names a handler');
  return { handler, codeDir: join(folder, 'app'), image: { command } };
};

const definitionOf = (deployment: Deployment, resource: Resource): FunctionDefinition => {
  const properties = deployment.properties(resource, Properties);
  const { ReservedConcurrentExecutions: reserved, TenancyConfig: tenancy, LoggingConfig: logging } = properties;
  return {
    name: resource.identity.ref,
    arn: resource.identity.attributes.Arn ?? '',
    roleName: nameInArn(properties.Role),
    ...entryOf(deployment, properties),
    environment: properties.Environment?.Variables ?? {},
    timeoutSeconds: properties.Timeout,
    memoryMb: properties.MemorySize,
    ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
    ...(tenancy === undefined ? {} : { tenancy: tenancy.TenantIsolationMode }),
    ...(logging?.LogFormat === undefined ? {} : { logFormat: logging.LogFormat }),
  };
};

/** The functions of the template; names are short and must be unique over all stacks, else this throws. */
export const functionDefinitions = (deployment: Deployment): FunctionDefinition[] => {
  const definitions = deployment.of('AWS::Lambda::Function').map((resource) => {
    try {
      return definitionOf(deployment, resource);
    } catch (error) {
      throw new Error(`${resource.logicalId}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
  const names = new Set(definitions.map(({ name }) => name));
  if (names.size < definitions.length)
    throw new Error('two functions have the same short name here: give one a FunctionName');
  return definitions;
};
