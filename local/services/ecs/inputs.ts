import { z } from 'zod';

/** Operations of ECS that are built. */
export const Operation = z.enum(['RunTask', 'StopTask', 'DescribeTasks']);
export type Operation = z.infer<typeof Operation>;

/** ECS's limit for all that `overrides` hold, as JSON text. */
const MOST_OVERRIDES = 8_192;

const Overrides = z
  .strictObject({
    containerOverrides: z.array(
      z.strictObject({
        name: z.string(),
        environment: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
      }),
    ),
  })
  .refine((overrides) => JSON.stringify(overrides).length <= MOST_OVERRIDES, {
    error: `Container Overrides length must be at most ${MOST_OVERRIDES}`,
  });

/*
 * Strict: a member that is not known here would change what AWS does, so it is refused. Fargate demands the network.
 */
export const RunTask = z
  .strictObject({
    cluster: z.string(),
    taskDefinition: z.string(),
    count: z.literal(1).default(1),
    launchType: z.literal('FARGATE').optional(),
    capacityProviderStrategy: z
      .array(z.strictObject({ capacityProvider: z.enum(['FARGATE', 'FARGATE_SPOT']), weight: z.number().optional() }))
      .length(1)
      .optional(),
    networkConfiguration: z.strictObject({
      awsvpcConfiguration: z.strictObject({
        subnets: z.array(z.string()).min(1).max(16),
        securityGroups: z.array(z.string()).max(5).default([]),
        assignPublicIp: z.enum(['ENABLED', 'DISABLED']).default('DISABLED'),
      }),
    }),
    overrides: Overrides.default({ containerOverrides: [] }),
    startedBy: z
      .string()
      .regex(/^[A-Za-z0-9/_-]{1,128}$/)
      .optional(),
    clientToken: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/)
      .optional(),
    enableExecuteCommand: z.literal(false).optional(),
  })
  .refine((input) => (input.launchType === undefined) !== (input.capacityProviderStrategy === undefined), {
    error: 'exactly one of launchType and capacityProviderStrategy',
  });
export type RunTask = z.output<typeof RunTask>;

export const StopTask = z.strictObject({ cluster: z.string(), task: z.string(), reason: z.string().optional() });

export const DescribeTasks = z.strictObject({ cluster: z.string(), tasks: z.array(z.string()).min(1).max(100) });
