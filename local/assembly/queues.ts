import { z } from 'zod';
import type { SqsService } from '../services/sqs/sqs-service.ts';
import type { Deployment } from './deployment.ts';
import { nameInArn, noEffect, number } from './property-shapes.ts';

const Properties = z.strictObject({
  QueueName: z.string().optional(),
  VisibilityTimeout: number.default(30),
  DelaySeconds: number.default(0),
  MessageRetentionPeriod: number.default(345_600),
  ReceiveMessageWaitTimeSeconds: number.default(0),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: number }).optional(),
  RedriveAllowPolicy: noEffect,
  SqsManagedSseEnabled: noEffect,
  Tags: noEffect,
});

export const buildQueues = (deployment: Deployment, service: SqsService): void => {
  for (const resource of deployment.of('AWS::SQS::Queue')) {
    const queue = deployment.properties(resource, Properties);
    const redrive = queue.RedrivePolicy;
    service.createQueue({
      name: nameInArn(resource.identity.ref),
      visibilityTimeoutSeconds: queue.VisibilityTimeout,
      delaySeconds: queue.DelaySeconds,
      retentionSeconds: queue.MessageRetentionPeriod,
      receiveWaitSeconds: queue.ReceiveMessageWaitTimeSeconds,
      ...(redrive === undefined
        ? {}
        : { redrive: { deadLetterArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount } }),
    });
  }
};
