import { z } from 'zod';
import { type FinishDeps, finishJob } from '../../shared/jobs/finish-job.ts';
import type { JobQueue, WorkerStore } from '../../shared/jobs/ports.ts';
import { releaseLost, releaseUnstarted } from '../../shared/jobs/release-job.ts';
import { failed } from '../../shared/model/completion.ts';
import type { Job } from '../../shared/model/job.ts';
import { attemptOfMark, isTaskWorker } from '../../shared/model/task-group.ts';

export type TaskEndDeps = FinishDeps & { queue: JobQueue; workers: WorkerStore; now: () => number };

/** What ECS tells of a task that stopped, as far as it is read. */
export const StoppedTask = z.object({
  detail: z.object({
    taskArn: z.string(),
    startedBy: z.string().optional(),
    stopCode: z.string().optional(),
    stoppedReason: z.string().optional(),
    /** When its containers ran; absent: they never did. */
    startedAt: z.string().optional(),
    containers: z.array(z.object({ exitCode: z.number().optional(), reason: z.string().optional() })).default([]),
  }),
});
export type StoppedTask = z.infer<typeof StoppedTask>;

/** AWS took the machine away: nothing that the job did. */
const TAKEN_BACK = new Set(['SpotInterruption', 'TerminationNotice', 'ServiceSchedulerInitiated']);

/**
 * Ends or brings back the job whose task stopped, if the task has not ended it itself. A task that never ran gives its job
 * back, as does one that AWS took back; one that died in any other way may have run user code, and fails it, as a runner
 * on Lambda does that dies. An attempt that is over, or that somebody else took over, is left alone: told twice is harmless.
 */
export const endTask = async (deps: TaskEndDeps, { detail }: StoppedTask): Promise<void> => {
  const attempt = attemptOfMark(detail.startedBy ?? '');
  if (attempt === undefined) return;
  const job = await deps.jobs.get(attempt);
  if (job?.status !== 'running' || job.attempt !== attempt.attempt) return;
  const more = { op: `taskend:${attempt.attempt}`, now: deps.now() };
  if (detail.startedAt === undefined) await releaseUnstarted(deps, job, more);
  else if (TAKEN_BACK.has(detail.stopCode ?? '')) await releaseLost(deps, job, more);
  else await finishJob(deps, job, failed({ name: 'RunnerDied', message: reasonOf(detail) }), more);
  await forget(deps, job);
};

/** An item that stays is found by the reaper. */
const forget = async (deps: TaskEndDeps, job: Job): Promise<void> => {
  if (job.worker !== undefined && isTaskWorker(job)) await deps.workers.gone(job.worker).catch(() => undefined);
};

const reasonOf = ({ containers, stopCode, stoppedReason }: StoppedTask['detail']): string => {
  const [container] = containers;
  const code = container?.exitCode;
  const killed = code === 137 ? ' (killed, possibly out of memory)' : '';
  const why = container?.reason ?? stoppedReason ?? stopCode ?? 'no reason was told';
  return `Job failed: its task ended without saying how: ${code === undefined ? '' : `exit code ${code}${killed}, `}${why}`;
};
