import { FollowupName, type Job, type JobStatus } from './job.ts';

const OWES: Record<FollowupName, (job: Job, status: JobStatus) => boolean> = {
  /** Its place under a concurrency limit. */
  slot: (job) => job.concurrency !== undefined && job.attempt > 0,
  /** What it came to, beside the version that waits for it. */
  lock: (job) => job.kind === 'dependencies' && job.hash !== undefined,
  /** The scripts that its schedule runs after a failure, a recovery or a success. */
  handlers: (job) => job.schedule_path !== undefined,
  /** The next tick of its schedule. */
  tick: (job) => job.schedule_path !== undefined,
  /** Its own next run: a perpetual script goes on until somebody cancels it. */
  restart: (job, status) => job.restart_unless_cancelled === true && status !== 'canceled',
  /** The end of its arguments, result and log: at once, or a message that brings it about later. */
  wipe: (job) => job.delete_after_secs !== undefined,
};

/**
 * What a job that ends with `status` owes. Nothing, for most: they end with one write. One that owes something completes in
 * two: the first ends it and keeps its place among the live jobs, the second, when all is paid, takes it away.
 */
export const owedBy = (job: Job, status: JobStatus): FollowupName[] =>
  FollowupName.options.filter((name) => OWES[name](job, status));
