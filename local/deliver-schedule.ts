import { z } from 'zod';
import { decide, mayAssume } from './iam/decide.ts';
import type { Policies } from './iam/policies.ts';
import type { LambdaService } from './lambda/lambda-service.ts';
import type { Deliver, TargetCall } from './services/scheduler/delivery.ts';
import type { Place } from './services/service.ts';
import type { SqsService } from './services/sqs/sqs-service.ts';

export type DeliveryTargets = {
  policies: Policies;
  place: Place;
  lambda: LambdaService;
  sqs: SqsService;
  meter: (operation: string) => void;
};

const SendMessage = z.object({ QueueUrl: z.string(), MessageBody: z.string(), MessageGroupId: z.string().optional() });
const UNIVERSAL_SEND = 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage';

type Send = { action: 'sqs:SendMessage' | 'lambda:InvokeFunction'; resource: string; carryOut: () => Promise<void> };

const grouped = (body: string, group: string | undefined): { body: string; messageGroupId?: string } =>
  group === undefined ? { body } : { body, messageGroupId: group };

const sendOf = (call: TargetCall, { lambda, sqs, place }: DeliveryTargets): Send => {
  const name = call.arn.split(':').at(-1) ?? '';
  if (call.arn.startsWith('arn:aws:lambda:')) {
    const carryOut = (): Promise<void> => lambda.invokeAsync(name, Buffer.from(call.input));
    return { action: 'lambda:InvokeFunction', resource: call.arn, carryOut };
  }
  if (call.arn.startsWith('arn:aws:sqs:')) {
    const message = grouped(call.input, call.sqsParameters?.MessageGroupId);
    return { action: 'sqs:SendMessage', resource: call.arn, carryOut: async () => sqs.send(name, message) };
  }
  if (call.arn !== UNIVERSAL_SEND) throw new Error(`schedules cannot send to ${call.arn} here`);
  const input = SendMessage.parse(JSON.parse(call.input));
  const queue = input.QueueUrl.split('/').at(-1) ?? '';
  return {
    action: 'sqs:SendMessage',
    resource: `arn:aws:sqs:${place.region}:${place.accountId}:${queue}`,
    carryOut: async () => sqs.send(queue, grouped(input.MessageBody, input.MessageGroupId)),
  };
};

/** Carries out what EventBridge Scheduler sends, as the schedule's role and only if that role may. */
export const deliverSchedule =
  (targets: DeliveryTargets): Deliver =>
  async (call) => {
    const { policies, place } = targets;
    const roleName = call.roleArn.split('/').at(-1) ?? '';
    if (!mayAssume('scheduler.amazonaws.com', place.accountId, policies.trustOf(roleName))) {
      throw new Error(`scheduler.amazonaws.com may not wear ${call.roleArn}`);
    }
    const send = sendOf(call, targets);
    const question = {
      caller: { kind: 'role' as const, arn: call.roleArn },
      action: send.action,
      resource: send.resource,
      context: { 'aws:SecureTransport': ['true'] },
    };
    const { allowed } = decide(question, policies.identityOf(roleName), policies.of(send.resource));
    if (!allowed) throw new Error(`${call.roleArn} lacks ${send.action} on ${send.resource}`);
    targets.meter(`scheduler:${send.action.split(':')[1]}`);
    await send.carryOut();
  };
