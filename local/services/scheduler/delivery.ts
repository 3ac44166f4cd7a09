import { randomUUID } from 'node:crypto';
import type { Place } from '../service.ts';
import type { ScheduleDefinition } from './inputs.ts';

/** One send to a target, as its role. `deadLetterArn` is told for information: the scheduler itself sends there at last. */
export type TargetCall = {
  arn: string;
  roleArn: string;
  input: string;
  sqsParameters: { MessageGroupId?: string | undefined } | undefined;
  deadLetterArn: string | undefined;
};

/** Carries out one send; rejects when the target did not take it. */
export type Deliver = (call: TargetCall) => Promise<void>;

const MAX_RETRIES = 4;
const FIRST_PAUSE_MS = 250;

const scheduledEvent = (place: Place, arn: string, time: string): string =>
  JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.scheduler',
    account: place.accountId,
    time,
    region: place.region,
    resources: [arn],
    detail: '{}',
  });

/** The target's input with AWS's four `<aws.scheduler.*>` words filled in. */
const inputOf = (definition: ScheduleDefinition, place: Place, arn: string, scheduledFor: number) => {
  const time = `${new Date(scheduledFor).toISOString().slice(0, 19)}Z`;
  const execution = randomUUID();
  const template = definition.Target.Input ?? scheduledEvent(place, arn, time);
  return (attempt: number): string =>
    template
      .replaceAll('<aws.scheduler.schedule-arn>', arn)
      .replaceAll('<aws.scheduler.scheduled-time>', time)
      .replaceAll('<aws.scheduler.execution-id>', execution)
      .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
};

export type DeliveryConfig = {
  place: Place;
  deliver: Deliver;
  wait: (ms: number) => Promise<void>;
  onLost: (arn: string, error: unknown) => void;
};

/**
 * Sends one run to its target: some retries with growing pauses (at most 4 here, up to 185 on AWS), then to the
 * dead-letter queue. Never rejects: a run that reached neither is told to `onLost`.
 */
export const deliverRun = async (
  config: DeliveryConfig,
  definition: ScheduleDefinition,
  arn: string,
  scheduledFor: number,
): Promise<void> => {
  const { Target } = definition;
  const input = inputOf(definition, config.place, arn, scheduledFor);
  const deadLetterArn = Target.DeadLetterConfig?.Arn;
  const call = { arn: Target.Arn, roleArn: Target.RoleArn, sqsParameters: Target.SqsParameters, deadLetterArn };
  const retries = Math.min(Target.RetryPolicy?.MaximumRetryAttempts ?? MAX_RETRIES, MAX_RETRIES);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await config.deliver({ ...call, input: input(attempt) });
      return;
    } catch (error) {
      if (attempt <= retries) {
        await config.wait(FIRST_PAUSE_MS * 2 ** (attempt - 1));
        continue;
      }
      if (deadLetterArn === undefined) return config.onLost(arn, error);
      const letter = { ...call, arn: deadLetterArn, input: input(attempt), sqsParameters: undefined };
      return await config.deliver(letter).catch((cause: unknown) => config.onLost(arn, cause));
    }
  }
};
