import { type Schedule, tickAfter } from '../model/schedule.ts';
import { type CancelDeps, cancelJob } from './cancel-job.ts';
import { startTick, type TickDeps } from './push-tick.ts';

export type ChangeDeps = TickDeps & CancelDeps;

/** Who changes a schedule, and the word for what he does to it. */
export type Change = { by: string; what: 'edited' | 'disabled' | 'deleted'; op: string; now: number };

/** The schedule with its first tick, when it is enabled. */
export const withFirstTick = async (workspace: string, schedule: Schedule, now: number): Promise<Schedule> => {
  const tick = schedule.enabled ? await tickAfter(workspace, schedule, now) : undefined;
  return tick === undefined ? schedule : { ...schedule, tick };
};

/**
 * Puts the next revision of a schedule in the place of `seen`: from then on its old tick is void. The waiting job of that is
 * then canceled, and the new one made; what a crash leaves undone of this the claim of the old tick and the reaper do.
 * False: somebody else changed it meanwhile.
 */
export const changeSchedule = async (
  deps: ChangeDeps,
  workspace: string,
  { seen, next }: { seen: Schedule; next: Schedule },
  change: Change,
): Promise<boolean> => {
  const ticking = await withFirstTick(workspace, next, change.now);
  if ((await deps.schedules.replace(workspace, seen, ticking)) !== 'replaced') return false;
  await cancelTick(deps, workspace, seen, change);
  await startTick(deps, workspace, ticking, change.now);
  return true;
};

/** Cancels the job that waits for a schedule's tick; a run that is under way goes on. */
export const cancelTick = async (
  deps: CancelDeps,
  workspace: string,
  { path, tick }: Schedule,
  { by, what, op, now }: Change,
): Promise<void> => {
  const job = tick === undefined ? undefined : await deps.jobs.get({ workspace, id: tick.id });
  if (job?.status !== 'queued') return;
  const reason = `schedule ${path} was ${what}`;
  await cancelJob(deps, job, { by: { by, reason }, op, now, voidTick: true });
};
