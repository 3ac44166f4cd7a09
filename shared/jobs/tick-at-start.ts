import { canceled } from '../model/completion.ts';
import type { Job } from '../model/job.ts';
import { launcherOf, SCHEDULE } from '../model/trigger.ts';
import { type FinishDeps, finishJob } from './finish-job.ts';
import type { ScheduleStore } from './limit-ports.ts';
import type { ScriptDirectory } from './plan-run.ts';

export type TickStartDeps = FinishDeps & {
  schedules: Pick<ScheduleStore, 'get'>;
  directory: Pick<ScriptDirectory, 'newest'>;
};

/**
 * Looks at a claimed job that is the tick of a schedule: one that was edited, switched off or deleted meanwhile drops its
 * old ticks, whose jobs end as canceled without running; any other runs the newest version of its script. Answers the job
 * to run, or undefined when nothing is left to do. Other jobs come back as they are, at no cost.
 */
export const tickAtStart = async (
  deps: TickStartDeps,
  job: Job,
  more: { op: string; now: number },
): Promise<Job | undefined> => {
  const path = job.schedule_path;
  if (job.trigger_kind !== SCHEDULE || path === undefined) return job;
  const schedule = await deps.schedules.get(job.workspace, path);
  if (schedule?.enabled !== true || schedule.tick?.id !== job.id) {
    const reason = `schedule ${path} was edited, switched off or deleted`;
    const by = launcherOf(path);
    await finishJob(deps, job, canceled(by, reason), { ...more, canceledBy: by, canceledReason: reason });
    return undefined;
  }
  const script = await deps.directory.newest(job.workspace, schedule.script_path);
  if (script === undefined || script.hash === job.hash) return job;
  return deps.jobs.useVersion(job, job.attempt, { hash: script.hash, language: script.language });
};
