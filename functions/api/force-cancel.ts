import { type CancelDeps, type Canceled, cancelJob } from '../../shared/jobs/cancel-job.ts';
import { finishJob } from '../../shared/jobs/finish-job.ts';
import type { Canceler } from '../../shared/jobs/ports.ts';
import { canceled } from '../../shared/model/completion.ts';
import type { Job } from '../../shared/model/job.ts';

/**
 * Cancels a job without waiting for its runner: a running one ends at once, and its process is killed when it next asks
 * (at most about 3 s later), because its attempt is over.
 */
export const forceCancel = async (
  deps: CancelDeps,
  job: Job,
  by: Canceler,
  more: { op: string; now: number },
): Promise<Canceled> => {
  const outcome = await cancelJob(deps, job, by, more);
  if (outcome.is !== 'stopping') return outcome;
  const running = outcome.job;
  const ended = await finishJob(deps, running, canceled(by.by, by.reason), {
    ...more,
    canceledBy: running.canceled_by ?? by.by,
    ...(by.reason === undefined ? {} : { canceledReason: by.reason }),
  });
  if (ended !== undefined) return { is: 'canceled', job: ended };
  const now = await deps.jobs.get(job);
  return now === undefined ? { is: 'unknown' } : { is: 'already-completed', job: now };
};
