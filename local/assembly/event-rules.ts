import { z } from 'zod';
import { type EventPattern, parsePattern } from '../lambda/event-pattern.ts';
import type { Deployment } from './deployment.ts';
import { nameInArn, noEffect } from './property-shapes.ts';

/** An EventBridge rule of the template: what passes its pattern goes to these functions. */
export type EventRule = { arn: string; pattern: EventPattern; functions: string[] };

const Properties = z.strictObject({
  EventPattern: z.record(z.string(), z.unknown()),
  State: z.literal('ENABLED'),
  Targets: z.array(
    z.strictObject({ Id: z.string(), Arn: z.string().startsWith('arn:aws:lambda:'), RetryPolicy: noEffect }),
  ),
  Description: noEffect,
});

/** The rules of the default bus. Other targets than functions throw: they are not built. */
export const eventRules = (deployment: Deployment): EventRule[] =>
  deployment.of('AWS::Events::Rule').map((resource) => {
    const { EventPattern: pattern, Targets } = deployment.properties(resource, Properties);
    return {
      arn: resource.identity.attributes.Arn ?? '',
      pattern: parsePattern(JSON.stringify(pattern)),
      functions: Targets.map(({ Arn }) => nameInArn(Arn)),
    };
  });
