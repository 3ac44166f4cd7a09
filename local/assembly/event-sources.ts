import { z } from 'zod';
import type { QueueMappingDefinition } from '../lambda/definitions.ts';
import type { Deployment } from './deployment.ts';
import { boolean, nameInArn, noEffect, number } from './property-shapes.ts';

const Properties = z.strictObject({
  EventSourceArn: z.string().startsWith('arn:aws:sqs:'),
  FunctionName: z.string(),
  BatchSize: number.default(10),
  MaximumBatchingWindowInSeconds: z.literal(0).optional(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.strictObject({ MaximumConcurrency: number.optional() }).optional(),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  Enabled: boolean.default(true),
  Tags: noEffect,
});

/** The queues that feed functions. Streams and other sources throw: they are not built. */
export const queueMappings = (deployment: Deployment): QueueMappingDefinition[] =>
  deployment.of('AWS::Lambda::EventSourceMapping').flatMap((resource) => {
    const mapping = deployment.properties(resource, Properties);
    const maximum = mapping.ScalingConfig?.MaximumConcurrency;
    if (!mapping.Enabled) return [];
    return [
      {
        id: resource.identity.ref,
        functionName: nameInArn(mapping.FunctionName),
        queueName: nameInArn(mapping.EventSourceArn),
        queueArn: mapping.EventSourceArn,
        batchSize: mapping.BatchSize,
        reportBatchItemFailures: mapping.FunctionResponseTypes.length > 0,
        ...(maximum === undefined ? {} : { maximumConcurrency: maximum }),
        ...(mapping.FilterCriteria === undefined
          ? {}
          : { filters: mapping.FilterCriteria.Filters.map((one) => one.Pattern) }),
      },
    ];
  });
