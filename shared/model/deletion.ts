import { deletionDueAt, type FollowupName, type Job } from './job.ts';

/** What stands in a job's item instead of what was deleted, in the words of the reference (1.13). */
export const DELETED: Required<Pick<Job, 'args' | 'result' | 'log_tail' | 'deleted'>> = {
  args: { at: 'inline', text: '{}' },
  result: { at: 'inline', text: '{}' },
  log_tail: { start: 0, text: '##DELETED##' },
  deleted: true,
};

/** What still reads the arguments or the result of a job that has ended. */
const READING: readonly FollowupName[] = ['handlers', 'tick', 'restart'];

/**
 * The job as readers see it at `now`: without arguments, result and log from the moment on at which it asked for that, though
 * they may lie there a little longer. Debts that still need them are paid first, which takes no time as a rule.
 */
export const asShown = (job: Job, now: number): Job => {
  const dueAt = deletionDueAt(job);
  if (dueAt === undefined || dueAt > now || job.followups?.some((name) => READING.includes(name))) return job;
  return { ...job, ...DELETED };
};
