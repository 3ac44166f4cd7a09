import type { Job } from './job.ts';

/** Why a queued job does not run. `queued`: its turn comes, workers are busy or about to take it. */
export type Waiting =
  | 'scheduled'
  | 'no_worker_for_tag'
  | 'no_capacity'
  | 'concurrency_limit'
  | 'retry'
  | 'dependencies'
  | 'queued';

/** Why the job waits now; undefined: it does not. `served`: some worker group takes its tag. */
export const whyWaiting = (job: Job, served: boolean, now: number): Waiting | undefined => {
  if (job.status !== 'queued') return undefined;
  if (!served) return 'no_worker_for_tag';
  if (job.waits !== undefined && job.waits !== 'no_capacity') return job.waits;
  if (job.scheduled_for > now && job.waits === undefined) return 'scheduled';
  return job.waits ?? 'queued';
};
