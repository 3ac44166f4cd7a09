/** What is used of the Scheduler client, by name, so that the rest stays out of the bundles. Import this file lazily. */
export {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
