import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Deployment, Resource } from './deployment.ts';
import { nameInArn, number } from './property-shapes.ts';

const Properties = z.looseObject({ ServiceToken: z.string(), ServiceTimeout: number.default(3600) });

const Done = z.object({
  digest: z.string(),
  physicalId: z.string(),
  properties: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.string()).default({}),
});
const Book = z.record(z.string(), Done);
type Done = z.infer<typeof Done>;

const Answer = z.object({
  Status: z.enum(['SUCCESS', 'FAILED']),
  Reason: z.string().optional(),
  PhysicalResourceId: z.string().optional(),
  Data: z.record(z.string(), z.unknown()).default({}),
});

export type CustomResourcesConfig = {
  /** Remembers what ran with which properties. */
  file: string;
  /** Anything that must make every resource of a function run again: its code, a preset secret. */
  saltOf: (functionName: string) => string;
  expectUpload: () => { path: string; body: Promise<Buffer>; forget: () => void };
  gatewayUrl: string;
  invoke: (functionName: string, event: object) => Promise<void>;
};

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;

const run = async (
  resource: Resource,
  properties: z.output<typeof Properties>,
  before: Done | undefined,
  config: CustomResourcesConfig,
): Promise<z.output<typeof Answer>> => {
  const upload = config.expectUpload();
  const event = {
    RequestType: before === undefined ? 'Create' : 'Update',
    RequestId: randomUUID(),
    ResponseURL: `${config.gatewayUrl}${upload.path}`,
    StackId: `arn:aws:cloudformation:local:000000000000:stack/${resource.stack.name}/local`,
    LogicalResourceId: resource.logicalId,
    ResourceType: resource.type,
    ServiceToken: properties.ServiceToken,
    ResourceProperties: properties,
    ...(before === undefined
      ? {}
      : { PhysicalResourceId: before.physicalId, OldResourceProperties: before.properties }),
  };
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('no answer in time')), properties.ServiceTimeout * 1000);
  try {
    const failed = config.invoke(nameInArn(properties.ServiceToken), event).then(() => upload.body);
    const body = await Promise.race([upload.body, failed, timeout.promise]);
    const answer = Answer.parse(JSON.parse(body.toString('utf8')));
    if (answer.Status === 'FAILED') throw new Error(answer.Reason ?? 'failed without a reason');
    return answer;
  } finally {
    clearTimeout(timer);
    upload.forget();
  }
};

/**
 * Runs the template's custom resources as CloudFormation does (Create, later Update with the old properties; the answer
 * comes by PUT on a one-time URL), but only when something changed since the last start of this state folder.
 */
export const runCustomResources = async (deployment: Deployment, config: CustomResourcesConfig): Promise<void> => {
  const book = existsSync(config.file) ? Book.parse(JSON.parse(readFileSync(config.file, 'utf8'))) : {};
  for (const resource of [
    ...deployment.startingWith('Custom::'),
    ...deployment.of('AWS::CloudFormation::CustomResource'),
  ]) {
    const properties = deployment.properties(resource, Properties);
    const id = `${resource.stack.name}/${resource.logicalId}`;
    const salt = config.saltOf(nameInArn(properties.ServiceToken));
    const digest = createHash('sha256')
      .update(JSON.stringify([properties, salt], sorted))
      .digest('hex');
    if (book[id]?.digest !== digest) {
      const answer = await run(resource, properties, book[id], config).catch((error: unknown) => {
        throw new Error(`${id} (${resource.type}): ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      });
      const data = Object.fromEntries(Object.entries(answer.Data).map(([name, value]) => [name, String(value)]));
      book[id] = { digest, physicalId: answer.PhysicalResourceId ?? id, properties, data };
      writeFileSync(config.file, JSON.stringify(book, undefined, 2), { mode: 0o600 });
    }
    deployment.resolver.provide(resource.stack, resource.logicalId, {
      ref: book[id].physicalId,
      attributes: book[id].data,
    });
  }
};
