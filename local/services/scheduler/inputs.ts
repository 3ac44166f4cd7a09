import { z } from 'zod';

const Name = z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/);

const Timezone = z.string().refine((zone) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}, 'is no time zone');

const Target = z.strictObject({
  Arn: z.string(),
  RoleArn: z.string(),
  Input: z.string().optional(),
  SqsParameters: z.object({ MessageGroupId: z.string().optional() }).optional(),
  DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
  RetryPolicy: z
    .object({
      MaximumRetryAttempts: z.number().int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.number().optional(),
    })
    .optional(),
});

/** A schedule in the API's words; dates in seconds since 1970. Flexible time windows are not built. */
export const ScheduleDefinition = z.object({
  Name,
  GroupName: Name.default('default'),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: Timezone.default('UTC'),
  FlexibleTimeWindow: z.object({ Mode: z.literal('OFF') }),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  Description: z.string().optional(),
  Target,
});
export type ScheduleDefinition = z.output<typeof ScheduleDefinition>;

export const ClientToken = z.object({ ClientToken: z.string().optional() });
