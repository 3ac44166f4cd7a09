import { z } from 'zod';
import type { QueueMappingDefinition, StreamMappingDefinition } from '../lambda/definitions.ts';
import type { Deployment, Resource } from './deployment.ts';
import { boolean, nameInArn, noEffect, number } from './property-shapes.ts';

const Common = {
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  Enabled: boolean.default(true),
  Tags: noEffect,
};

const OfQueue = z.strictObject({
  ...Common,
  EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
  BatchSize: number.default(10),
  MaximumBatchingWindowInSeconds: z.literal(0).optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: number.optional() }).optional(),
});

const OfStream = z.strictObject({
  ...Common,
  EventSourceArn: z.string().regex(/^arn:aws:dynamodb:[^/]+:table\/[^/]+\/stream\//),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']),
  BatchSize: number.default(100),
  BisectBatchOnFunctionError: boolean.default(false),
  MaximumRetryAttempts: z.union([z.literal(-1), number]).default(-1),
  MaximumRecordAgeInSeconds: z.union([z.literal(-1), number]).default(-1),
  DestinationConfig: z
    .strictObject({ OnFailure: z.strictObject({ Destination: z.string().startsWith('arn:aws:sqs:') }) })
    .optional(),
  // Waiting for fuller batches and batches side by side save time on AWS; here one batch at a time is quick enough.
  MaximumBatchingWindowInSeconds: noEffect,
  ParallelizationFactor: noEffect,
});

type Common = { FilterCriteria?: { Filters: { Pattern: string }[] } | undefined };
const filtersOf = ({ FilterCriteria: criteria }: Common): { filters?: string[] } =>
  criteria === undefined ? {} : { filters: criteria.Filters.map((one) => one.Pattern) };

const queueMapping = (id: string, mapping: z.output<typeof OfQueue>): QueueMappingDefinition => {
  const maximum = mapping.ScalingConfig?.MaximumConcurrency;
  return {
    id,
    functionName: nameInArn(mapping.FunctionName),
    queueName: nameInArn(mapping.EventSourceArn),
    queueArn: mapping.EventSourceArn,
    batchSize: mapping.BatchSize,
    reportBatchItemFailures: mapping.FunctionResponseTypes.length > 0,
    ...(maximum === undefined ? {} : { maximumConcurrency: maximum }),
    ...filtersOf(mapping),
  };
};

const streamMapping = (id: string, mapping: z.output<typeof OfStream>): StreamMappingDefinition => {
  const { MaximumRecordAgeInSeconds: age, MaximumRetryAttempts: retries, DestinationConfig: destination } = mapping;
  return {
    id,
    functionName: nameInArn(mapping.FunctionName),
    tableName: mapping.EventSourceArn.split('/')[1] ?? '',
    streamArn: mapping.EventSourceArn,
    startingPosition: mapping.StartingPosition,
    batchSize: mapping.BatchSize,
    bisect: mapping.BisectBatchOnFunctionError,
    maximumRetries: retries === -1 ? Number.POSITIVE_INFINITY : retries,
    reportBatchItemFailures: mapping.FunctionResponseTypes.length > 0,
    ...(age === -1 ? {} : { maximumAgeSeconds: age }),
    ...(destination === undefined ? {} : { failureQueueArn: destination.OnFailure.Destination }),
    ...filtersOf(mapping),
  };
};

const Source = z.looseObject({ EventSourceArn: z.string() });

/** What feeds functions: queues and streams of tables. Other sources throw: they are not built. */
export const eventSources = (
  deployment: Deployment,
): { queues: QueueMappingDefinition[]; streams: StreamMappingDefinition[] } => {
  const resources = deployment.of('AWS::Lambda::EventSourceMapping');
  const ofStream = (resource: Resource): boolean =>
    deployment.properties(resource, Source).EventSourceArn.includes(':dynamodb:');
  const read = <T extends { Enabled: boolean }, D>(
    all: Resource[],
    schema: z.ZodType<T>,
    definition: (id: string, mapping: T) => D,
  ): D[] =>
    all.flatMap((resource) => {
      const mapping = deployment.properties(resource, schema);
      return mapping.Enabled ? [definition(resource.identity.ref, mapping)] : [];
    });
  return {
    queues: read(
      resources.filter((resource) => !ofStream(resource)),
      OfQueue,
      queueMapping,
    ),
    streams: read(resources.filter(ofStream), OfStream, streamMapping),
  };
};
