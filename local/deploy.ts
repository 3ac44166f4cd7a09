import { buildBuckets } from './assembly/buckets.ts';
import { checkWiring } from './assembly/check-wiring.ts';
import { Deployment } from './assembly/deployment.ts';
import { frontDoor } from './assembly/distribution.ts';
import { type EventRule, eventRules } from './assembly/event-rules.ts';
import { eventSources } from './assembly/event-sources.ts';
import { functionDefinitions } from './assembly/functions.ts';
import { identities } from './assembly/identities.ts';
import { buildKeys } from './assembly/keys.ts';
import { readPolicies } from './assembly/policies.ts';
import { buildQueues } from './assembly/queues.ts';
import type { Assembly } from './assembly/read-assembly.ts';
import { Resolver } from './assembly/resolver.ts';
import { buildSchedules } from './assembly/schedules.ts';
import { buildSecrets } from './assembly/secrets.ts';
import { buildTables } from './assembly/tables.ts';
import { buildTasks } from './assembly/tasks.ts';
import type { FrontDoorDefinition } from './front-door/definitions.ts';
import type { Policies } from './iam/policies.ts';
import type { FunctionDefinition, QueueMappingDefinition, StreamMappingDefinition } from './lambda/definitions.ts';
import type { Place } from './services/service.ts';
import type { CloudServices } from './services-of-cloud.ts';

export type DeployConfig = {
  assembly: Assembly;
  services: CloudServices;
  policies: Policies;
  place: Place;
  gatewayUrl: string;
  /** Values of template parameters; `BaseUrl` is where people reach this machine. */
  parameters: Record<string, string>;
  /** Values of secrets by the beginning of their logical id. */
  presetSecrets: Record<string, string>;
};

export type Deployed = {
  deployment: Deployment;
  functions: FunctionDefinition[];
  mappings: QueueMappingDefinition[];
  streams: StreamMappingDefinition[];
  rules: EventRule[];
  frontDoor: FrontDoorDefinition;
};

/**
 * Builds everything the assembly says inside the services. Custom resources are not run yet: they need the functions and
 * the gateway. Throws naming the resource for whatever is not understood or lacks a right; nothing is skipped in silence.
 */
export const deploy = async (config: DeployConfig): Promise<Deployed> => {
  const { assembly, services, policies, place } = config;
  const resolver = new Resolver({
    stacks: assembly.stacks,
    place,
    parameters: config.parameters,
    identify: identities(place, config.gatewayUrl),
    secretValue: (id) => services.secrets.value(id),
  });
  const deployment = new Deployment(assembly, resolver);
  buildSecrets(deployment, services.secrets, config.presetSecrets);
  buildKeys(deployment, services.kms, policies, place);
  await buildTables(deployment, services.dynamodb);
  buildQueues(deployment, services.sqs);
  buildBuckets(deployment, services.s3);
  buildSchedules(deployment, services.scheduler);
  const arn = (service: string, rest: string): string =>
    `arn:aws:${service}:${place.region}:${place.accountId}:${rest}`;
  readPolicies(deployment, policies, {
    queue: (name) => arn('sqs', name),
    lambda: (name) => arn('lambda', `function:${name}`),
  });
  const tasks = buildTasks(deployment, services.ecs);
  const rules = eventRules(deployment);
  const functions = functionDefinitions(deployment);
  const { queues: mappings, streams } = eventSources(deployment);
  const door = frontDoor(deployment);
  deployment.startingWith('Custom::');
  deployment.of('AWS::CloudFormation::CustomResource');
  deployment.refuseUnknown();
  const connected = { functions, mappings, streams, tasks, rules };
  checkWiring({ ...connected, frontDoor: door.definition, distributionId: door.id }, policies, place);
  for (const definition of functions) services.lambda.defineFunction(definition);
  return { deployment, functions, mappings, streams, rules, frontDoor: door.definition };
};
