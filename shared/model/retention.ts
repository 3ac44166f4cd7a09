import { isCompleted, type Job } from './job.ts';
import type { InstanceSettings } from './settings.ts';

type Periods = Pick<InstanceSettings, 'retention_period_secs' | 'retention_period_secs_overrides'>;

/** DynamoDB leaves items alone whose time to live ended more than five years ago. */
const TTL_LOOKS_BACK_S = 4 * 365 * 86_400;

/** How long a workspace keeps its completed jobs, in seconds; 0: for good. */
export const retentionOf = (periods: Periods, workspace: string): number =>
  periods.retention_period_secs_overrides[workspace] ?? periods.retention_period_secs;

/**
 * The second (since 1970) from which a completed job is gone; undefined: never by itself. A step of a flow has no end of
 * its own: it lives as long as its flow, which takes it along. A job that a script started is nobody's part, whatever its
 * `parent_job` says (any caller may say it): it expires like any other, or naming a parent would make a job immortal.
 */
export const expiresAt = (
  job: { workspace: string; flow_step_id?: string },
  completedAt: number,
  periods: Periods,
): number | undefined => {
  const seconds = retentionOf(periods, job.workspace);
  if (job.flow_step_id !== undefined || seconds === 0) return undefined;
  return Math.ceil(completedAt / 1000) + seconds;
};

/** Whether the job counts as gone, although its item may still lie in the table: deletion comes up to days late. */
export const isExpired = (job: { expires?: number | undefined }, now: number): boolean =>
  job.expires !== undefined && job.expires * 1000 <= now;

/**
 * What a changed period means for a job: a new time to live, none any more, or nothing to write. Live jobs are stamped
 * when they complete.
 */
export const restamp = (
  job: Pick<Job, 'workspace' | 'status' | 'completed_at' | 'expires'>,
  periods: Periods,
  now: number,
): { to: number | undefined } | 'as-it-is' => {
  if (!isCompleted(job.status) || job.completed_at === undefined) return 'as-it-is';
  const wanted = expiresAt(job, job.completed_at, periods);
  const to = wanted === undefined ? undefined : Math.max(wanted, Math.floor(now / 1000) - TTL_LOOKS_BACK_S);
  return to === job.expires ? 'as-it-is' : { to };
};
