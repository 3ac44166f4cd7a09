import type { FollowupName, Job } from '../model/job.ts';
import type { JobStore, Report } from './ports.ts';

/**
 * How each followup is paid. Each must be harmless when it is paid twice: whoever finds the debt pays it again (children
 * get ids made from the job's own, removals find nothing).
 */
type FollowupSteps = Record<FollowupName, (job: Job, now: number) => Promise<void>>;

export type FollowupDeps = {
  jobs: Pick<JobStore, 'settle'>;
  followups: FollowupSteps;
  report: Report;
};

/** For a function that has not the rights to pay: it tells another one of the job, by a message of the job's queue. */
export type DebtDeps = { tellOfDebt: (job: Job, now: number) => Promise<void>; report: Report };

/**
 * Pays what an ended job owes and then takes it from the live jobs. Never throws: the end itself stands, and a debt that
 * could not be paid, or of which nobody could be told, keeps the job among the live ones, where the reaper finds it.
 */
export const runFollowups = async (deps: FollowupDeps | DebtDeps, job: Job, now: number): Promise<void> => {
  if (job.followups === undefined || job.followups.length === 0) return;
  try {
    if ('tellOfDebt' in deps) return await deps.tellOfDebt(job, now);
    for (const name of job.followups) await deps.followups[name](job, now);
    await deps.jobs.settle(job);
  } catch (error) {
    deps.report('a followup could not be paid', error, { job: job.id });
  }
};
