import type { Job } from './job.ts';
import type { ControlAnswer } from './runner.ts';

/** Whether an attempt should go on. It should not once its job is over, taken over by another attempt, or to be canceled. */
export const controlOf = (job: Job | undefined, attempt: number): ControlAnswer => {
  if (job === undefined) return { action: 'stop', reason: 'the job is gone' };
  if (job.status !== 'running') return { action: 'stop', reason: `the job is ${job.status}` };
  if (job.attempt !== attempt) return { action: 'stop', reason: 'another attempt took the job over' };
  if (job.canceled_by !== undefined) return { action: 'stop', reason: `canceled by ${job.canceled_by}` };
  return { action: 'continue' };
};
