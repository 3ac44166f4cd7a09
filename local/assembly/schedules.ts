import { z } from 'zod';
import { ScheduleDefinition } from '../services/scheduler/inputs.ts';
import type { SchedulerService } from '../services/scheduler/scheduler-service.ts';
import type { Deployment } from './deployment.ts';
import { noEffect, number } from './property-shapes.ts';

const Group = z.strictObject({ Name: z.string().optional(), Tags: noEffect });

const Target = ScheduleDefinition.shape.Target.extend({
  RetryPolicy: z
    .object({ MaximumRetryAttempts: number.optional(), MaximumEventAgeInSeconds: number.optional() })
    .optional(),
});

const Schedule = z.strictObject({
  ...ScheduleDefinition.shape,
  Name: z.string().optional(),
  GroupName: z.string().optional(),
  Target,
});

/** Schedule groups and the schedules that stand in the template. */
export const buildSchedules = (deployment: Deployment, service: SchedulerService): void => {
  for (const resource of deployment.of('AWS::Scheduler::ScheduleGroup')) {
    deployment.properties(resource, Group);
    service.createGroup(resource.identity.ref);
  }
  for (const resource of deployment.of('AWS::Scheduler::Schedule')) {
    const { GroupName, ...schedule } = deployment.properties(resource, Schedule);
    service.createSchedule({ ...schedule, GroupName: GroupName ?? 'default', Name: resource.identity.ref });
  }
};
