import { notFound, Problem } from '../model/errors.ts';
import { objectOf } from '../model/json.ts';
import type { RunRequest } from '../model/request.ts';
import { retryOf, type Schedule, type Tick, tickAfter } from '../model/schedule.ts';
import { launcherOf, SCHEDULE } from '../model/trigger.ts';
import type { ScheduleStore } from './limit-ports.ts';
import { type DeployedScript, runAsDeployed, type ScriptDirectory } from './plan-run.ts';
import type { JobQueue } from './ports.ts';
import { type StartDeps, startOnce } from './start-job.ts';

/** What keeping the one future job of a schedule takes. */
export type TickDeps = StartDeps & { schedules: ScheduleStore; directory: Pick<ScriptDirectory, 'newest'> };

/** Somebody else who changes the schedule at that moment makes it look again, this often. */
const TRIES = 5;

/**
 * Sees to it that an enabled schedule has its one future job. When `ended` is its tick, which has run or is lost, the next
 * tick after `now` takes its place: what was missed meanwhile is not made up. The tick is decided on in the schedule's
 * item, and then made under an id that follows from it, so that doing it twice, or two at once, makes one job.
 */
export const pushTick = async (
  deps: TickDeps,
  key: { workspace: string; path: string },
  now: number,
  ended?: string,
): Promise<void> => {
  const schedule = await withTick(deps, key, now, ended);
  if (schedule !== undefined) await startTick(deps, key.workspace, schedule, now);
};

const withTick = async (
  deps: TickDeps,
  { workspace, path }: { workspace: string; path: string },
  now: number,
  ended: string | undefined,
): Promise<Schedule | undefined> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const schedule = await deps.schedules.get(workspace, path);
    if (schedule?.enabled !== true) return undefined;
    if (schedule.tick !== undefined && schedule.tick.id !== ended) return schedule;
    const tick = await tickAfter(workspace, schedule, now);
    if (tick === undefined) return void (await switchOff(deps, workspace, schedule, 'no tick comes any more'));
    const next = { ...schedule, tick, rev: schedule.rev + 1 };
    if ((await deps.schedules.replace(workspace, schedule, next)) === 'replaced') return next;
  }
  throw new Error(`schedule ${path} is changed too often at once`);
};

/** A schedule whose script is gone switches itself off and says so, as Windmill's do. */
const switchOff = async (deps: TickDeps, workspace: string, schedule: Schedule, error: string): Promise<void> => {
  const { tick, ...rest } = schedule;
  await deps.schedules.replace(workspace, schedule, { ...rest, enabled: false, error, rev: schedule.rev + 1 });
};

/** Makes the job of the schedule's tick, unless it is there. */
export const startTick = async (deps: TickDeps, workspace: string, schedule: Schedule, now: number): Promise<void> => {
  const { tick } = schedule;
  if (tick === undefined) return;
  try {
    const script = await deps.directory.newest(workspace, schedule.script_path);
    if (script === undefined) throw notFound(`Script not found at name ${schedule.script_path}`);
    await startOnce(deps, requestOf(deps.queue, workspace, schedule, { tick, script }), now);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await switchOff(deps, workspace, schedule, error.message);
  }
};

/** It runs as the schedule does, whomever its script was deployed to run as: the script may be another one by then. */
const requestOf = (
  queue: JobQueue,
  workspace: string,
  schedule: Schedule,
  { tick, script }: { tick: Tick; script: DeployedScript },
): RunRequest => {
  const { permissioned_as, email, path } = schedule;
  const { tag, settings, ...run } = runAsDeployed(queue, script, workspace, objectOf(schedule.args));
  const retry = retryOf(schedule) ?? settings.retry;
  return {
    workspace,
    ...run,
    argsText: schedule.args,
    owner: { created_by: launcherOf(path), permissioned_as, email },
    tag: schedule.tag || tag,
    id: tick.id,
    repeatable: false,
    scheduled_for: tick.at,
    trigger_kind: SCHEDULE,
    schedule_path: path,
    settings: { ...settings, ...(retry === undefined ? {} : { retry }) },
  };
};
