import { canceled } from '../model/completion.ts';
import { owedBy } from '../model/followups.ts';
import { isCompleted, type Job } from '../model/job.ts';
import { cancelFields, expiryOf, type FinishDeps } from './finish-job.ts';
import type { Canceler, LateMessages, LogStore } from './ports.ts';
import { runFollowups } from './run-followups.ts';

/** What canceling a job takes. */
export type CancelDeps = FinishDeps & { logs: LogStore; queue: LateMessages };

/** What a request to cancel led to. */
export type Canceled =
  | { is: 'canceled'; job: Job }
  /** It runs: its runner is told at its next control poll, at most 3 s later, and its end is then `canceled`. */
  | { is: 'stopping'; job: Job }
  | { is: 'already-completed'; job: Job }
  | { is: 'unknown' };

/**
 * Cancels a job: a queued one ends at once, a running one is stopped by its runner's next control poll. A cancel that
 * races a completion has one outcome: whoever writes first.
 */
export const cancelJob = async (
  deps: CancelDeps,
  job: Job,
  by: Canceler,
  more: { op: string; now: number },
): Promise<Canceled> => {
  if (isCompleted(job.status)) return { is: 'already-completed', job };
  if (job.status === 'running') {
    const marked = await deps.jobs.requestCancel(job, by);
    if (marked !== undefined) return { is: 'stopping', job: marked };
  }
  const { status, result } = canceled(by.by, by.reason);
  const stored = await deps.payloads.put(job, 'result', result);
  const start = await deps.logs.length(job);
  const logTail = { start, text: `canceled by ${by.by}: (force cancel: false)\n` };
  const ended = await deps.jobs.cancelQueued(
    job,
    {
      status,
      result: stored,
      completedAt: more.now,
      durationMs: 0,
      logTail,
      followups: owedBy(job, status),
      ...(await expiryOf(deps.settings, job, more.now)),
      ...cancelFields(by),
    },
    by,
    more.op,
  );
  if (ended !== undefined) {
    await deps.queue.forget(job, more.now);
    await runFollowups(deps, ended, more.now);
    return { is: 'canceled', job: ended };
  }
  const marked = await deps.jobs.requestCancel(job, by);
  if (marked !== undefined) return { is: 'stopping', job: marked };
  const now = await deps.jobs.get(job);
  return now === undefined ? { is: 'unknown' } : { is: 'already-completed', job: now };
};
