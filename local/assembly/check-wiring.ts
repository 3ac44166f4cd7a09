import type { FrontDoorDefinition, Origin } from '../front-door/definitions.ts';
import { type Caller, decide, mayAssume } from '../iam/decide.ts';
import type { Policies } from '../iam/policies.ts';
import type { FunctionDefinition, QueueMappingDefinition, StreamMappingDefinition } from '../lambda/definitions.ts';
import type { TaskDefinition } from '../services/ecs/definitions.ts';
import type { Place } from '../services/service.ts';
import type { EventRule } from './event-rules.ts';
import { nameInArn } from './property-shapes.ts';

export type Wiring = {
  functions: FunctionDefinition[];
  mappings: QueueMappingDefinition[];
  streams: StreamMappingDefinition[];
  tasks: TaskDefinition[];
  rules: EventRule[];
  frontDoor: FrontDoorDefinition;
  distributionId: string;
};

type Demand = { who: string; caller: Caller; action: string; resource: string; context: Record<string, string[]> };

const originDemands = (origin: Origin, wiring: Wiring, place: Place, arn: (name: string) => string): Demand[] => {
  const { target } = origin;
  switch (target.type) {
    case 'function-url': {
      const resource = arn(target.url.functionName);
      const anybody = {
        who: `the function URL of ${target.url.functionName}`,
        caller: { kind: 'service' as const, name: 'anybody' },
        resource,
      };
      return [
        { ...anybody, action: 'lambda:InvokeFunctionUrl', context: { 'lambda:FunctionUrlAuthType': ['NONE'] } },
        { ...anybody, action: 'lambda:InvokeFunction', context: { 'lambda:InvokedViaFunctionUrl': ['true'] } },
      ];
    }
    case 'http-api':
      return target.api.routes.map(({ routeKey, functionName }) => ({
        who: `route ${routeKey}`,
        caller: { kind: 'service', name: 'apigateway.amazonaws.com' },
        action: 'lambda:InvokeFunction',
        resource: arn(functionName),
        context: {
          'AWS:SourceArn': [
            `arn:aws:execute-api:${place.region}:${place.accountId}:${target.api.id}/$default/${routeKey.replace(' ', '')}`,
          ],
        },
      }));
    case 's3':
      return [
        {
          who: `the pages behind ${origin.id}`,
          caller: { kind: 'service', name: 'cloudfront.amazonaws.com' },
          action: 's3:GetObject',
          resource: `arn:aws:s3:::${target.bucket}/index.html`,
          context: {
            'aws:SecureTransport': ['true'],
            'AWS:SourceArn': [`arn:aws:cloudfront::${place.accountId}:distribution/${wiring.distributionId}`],
          },
        },
      ];
  }
};

const pollDemands = (mapping: QueueMappingDefinition, roleName: string, place: Place): Demand[] =>
  ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].map((action) => ({
    who: `the event source of ${mapping.functionName}`,
    caller: { kind: 'role', arn: `arn:aws:iam::${place.accountId}:role/${roleName}` },
    action,
    resource: mapping.queueArn,
    context: { 'aws:SecureTransport': ['true'] },
  }));

const streamDemands = (mapping: StreamMappingDefinition, roleName: string, place: Place): Demand[] => {
  const demand = (action: string, resource: string): Demand => ({
    who: `the event source of ${mapping.functionName}`,
    caller: { kind: 'role', arn: `arn:aws:iam::${place.accountId}:role/${roleName}` },
    action,
    resource,
    context: { 'aws:SecureTransport': ['true'] },
  });
  const reads = ['DescribeStream', 'GetShardIterator', 'GetRecords', 'ListStreams'];
  const { streamArn, failureQueueArn } = mapping;
  return [
    ...reads.map((read) => demand(`dynamodb:${read}`, streamArn)),
    ...(failureQueueArn === undefined ? [] : [demand('sqs:SendMessage', failureQueueArn)]),
  ];
};

const ruleDemands = (rule: EventRule, arn: (name: string) => string): Demand[] =>
  rule.functions.map((name) => ({
    who: `the rule ${rule.arn}`,
    caller: { kind: 'service', name: 'events.amazonaws.com' },
    action: 'lambda:InvokeFunction',
    resource: arn(name),
    context: { 'AWS:SourceArn': [rule.arn] },
  }));

/** What ECS does in the name of a task's execution role before the task starts. */
const taskDemands = ({ arn, executionRoleArn }: TaskDefinition): Demand[] => [
  {
    who: `the task definition ${arn}`,
    caller: { kind: 'role', arn: executionRoleArn },
    action: 'ecr:GetAuthorizationToken',
    resource: '*',
    context: { 'aws:SecureTransport': ['true'] },
  },
];

/** Roles that ECS may not wear. */
const strangeTasks = ({ tasks }: Wiring, policies: Policies, place: Place): string[] =>
  tasks.flatMap(({ arn, executionRoleArn, taskRoleArn }) =>
    [executionRoleArn, ...(taskRoleArn === undefined ? [] : [taskRoleArn])]
      .map(nameInArn)
      .filter((role) => !mayAssume('ecs-tasks.amazonaws.com', place.accountId, policies.trustOf(role)))
      .map((role) => `${arn} may not wear ${role}`),
  );

/**
 * Checks what AWS checks when it connects services to functions and here happens without a call: routes, URLs and
 * rules may invoke, pollers may poll, CloudFront may read, Lambda and ECS may wear the roles. Throws naming everything that is missing.
 */
export const checkWiring = (wiring: Wiring, policies: Policies, place: Place): void => {
  const roles = new Map(wiring.functions.map((one) => [one.name, one.roleName]));
  const arn = (name: string): string => `arn:aws:lambda:${place.region}:${place.accountId}:function:${name}`;
  const demands = [
    ...Object.values(wiring.frontDoor.origins).flatMap((origin) => originDemands(origin, wiring, place, arn)),
    ...wiring.mappings.flatMap((mapping) => pollDemands(mapping, roles.get(mapping.functionName) ?? '', place)),
    ...wiring.rules.flatMap((rule) => ruleDemands(rule, arn)),
    ...wiring.tasks.flatMap(taskDemands),
    ...wiring.streams.flatMap((mapping) => streamDemands(mapping, roles.get(mapping.functionName) ?? '', place)),
  ];
  const missing = demands.flatMap(({ who, caller, action, resource, context }) => {
    const roleName = caller.kind === 'role' ? (caller.arn.split('/').at(-1) ?? '') : undefined;
    const identity = roleName === undefined ? [] : policies.identityOf(roleName);
    const { allowed } = decide({ caller, action, resource, context }, identity, policies.of(resource));
    return allowed ? [] : [`${who} lacks ${action} on ${resource}`];
  });
  const strange = wiring.functions
    .filter(({ roleName }) => !mayAssume('lambda.amazonaws.com', place.accountId, policies.trustOf(roleName)))
    .map(({ name, roleName }) => `${name} may not wear ${roleName}`)
    .concat(strangeTasks(wiring, policies, place));
  if (missing.length + strange.length > 0)
    throw new Error(`the template lacks rights: ${[...missing, ...strange].join('; ')}`);
};
