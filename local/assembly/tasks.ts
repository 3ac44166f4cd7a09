import { join } from 'node:path';
import { z } from 'zod';
import type { TaskDefinition } from '../services/ecs/definitions.ts';
import type { EcsService } from '../services/ecs/ecs-service.ts';
import type { Deployment, Resource } from './deployment.ts';
import { boolean, noEffect, number } from './property-shapes.ts';

const Cluster = z.strictObject({
  CapacityProviders: z.array(z.enum(['FARGATE', 'FARGATE_SPOT'])),
  ClusterSettings: noEffect,
  Tags: noEffect,
});

const Container = z.strictObject({
  Name: z.string(),
  Image: z.string(),
  Essential: boolean,
  EntryPoint: z.tuple([z.literal('/var/lang/bin/node')]),
  Command: z.tuple([z.string().startsWith('/var/task/')]),
  Environment: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
  StopTimeout: number.default(30),
  // The runner's own log is a file here; the process has no powers that could be dropped.
  LogConfiguration: noEffect,
  LinuxParameters: noEffect,
});

const Properties = z.strictObject({
  RequiresCompatibilities: z.tuple([z.literal('FARGATE')]),
  NetworkMode: z.literal('awsvpc'),
  Cpu: number,
  Memory: number,
  ExecutionRoleArn: z.string(),
  TaskRoleArn: z.string().optional(),
  ContainerDefinitions: z.tuple([Container]),
  RuntimePlatform: noEffect,
  Tags: noEffect,
});

const definitionOf = (deployment: Deployment, resource: Resource): TaskDefinition => {
  const properties = deployment.properties(resource, Properties);
  const [container] = properties.ContainerDefinitions;
  const folder = deployment.assembly.images.get(container.Image.split(':').at(-1) ?? '');
  if (folder === undefined) throw new Error(`${resource.logicalId}: no image asset ${container.Image}`);
  return {
    arn: resource.identity.ref,
    container: container.Name,
    codeDir: join(folder, 'app'),
    program: container.Command[0].replace('/var/task/', ''),
    environment: Object.fromEntries(container.Environment.map(({ Name, Value }) => [Name, Value])),
    memoryMb: properties.Memory,
    stopTimeoutSeconds: container.StopTimeout,
    executionRoleArn: properties.ExecutionRoleArn,
    ...(properties.TaskRoleArn === undefined ? {} : { taskRoleArn: properties.TaskRoleArn }),
  };
};

/** Clusters and task definitions; answers the latter, whose roles are still to be looked at. */
export const buildTasks = (deployment: Deployment, service: EcsService): TaskDefinition[] => {
  for (const resource of deployment.of('AWS::ECS::Cluster')) {
    deployment.properties(resource, Cluster);
    service.defineCluster(resource.identity.attributes.Arn ?? '');
  }
  const definitions = deployment.of('AWS::ECS::TaskDefinition').map((resource) => definitionOf(deployment, resource));
  for (const definition of definitions) service.defineTask(definition);
  return definitions;
};
