import type { Report } from '../../shared/jobs/ports.ts';
import { pushTick, type TickDeps } from '../../shared/jobs/push-tick.ts';
import { isCompleted } from '../../shared/model/job.ts';
import type { Schedule } from '../../shared/model/schedule.ts';

export type RepairDeps = TickDeps & {
  /** The schedules of all workspaces. */
  all: () => AsyncIterable<{ workspace: string; schedule: Schedule }>;
  report: Report;
};

/** Schedules are looked at in one minute of each hour, as that reads all of them. */
const LOOK_AT_MINUTE = 17;
/** A tick decided on so long ago was looked at before, and its job was there. */
const LOOKED_AT_MS = 2 * 3_600_000;

/** Whether this is the minute in which schedules are looked at. */
export const isTimeToRepair = (now: number): boolean => Math.floor(now / 60_000) % 60 === LOOK_AT_MINUTE;

/**
 * Gives every enabled schedule the one future job that it should have. It lacks one only when a function died between
 * deciding on a tick and making its job, or was gone for good before it paid the followup of the last one.
 */
export const repairSchedules = async (deps: RepairDeps, now: number): Promise<void> => {
  for await (const { workspace, schedule } of deps.all()) {
    try {
      await repair(deps, workspace, schedule, now);
    } catch (error) {
      deps.report('a schedule could not be given its tick', error, { workspace, schedule: schedule.path });
    }
  }
};

const repair = async (deps: RepairDeps, workspace: string, schedule: Schedule, now: number): Promise<void> => {
  const { tick, path, enabled } = schedule;
  if (!enabled) return;
  if (tick === undefined) return pushTick(deps, { workspace, path }, now);
  if (tick.at > now && now - tick.set_at > LOOKED_AT_MS) return;
  const job = await deps.jobs.get({ workspace, id: tick.id });
  if (job === undefined) return pushTick(deps, { workspace, path }, now, tick.at > now ? undefined : tick.id);
  if (isCompleted(job.status) && job.followups === undefined) await pushTick(deps, { workspace, path }, now, tick.id);
};
