import { unreachable } from '../model/errors.ts';
import { uuidV5 } from '../model/ids.ts';
import { isSuccess, type Job } from '../model/job.ts';
import { withRawFields } from '../model/job-view.ts';
import { isJsonObject, objectOf, parseJson } from '../model/json.ts';
import { handlerPath, type Schedule } from '../model/schedule.ts';
import { type HandlerName, handlersDue, type Streak, streakWith } from '../model/streak.ts';
import type { ScheduleStore } from './limit-ports.ts';
import { runAsDeployed, type ScriptDirectory } from './plan-run.ts';
import type { Report } from './ports.ts';
import { type StartDeps, startOnce } from './start-job.ts';

export type HandlerDeps = StartDeps & {
  schedules: ScheduleStore;
  directory: Pick<ScriptDirectory, 'newest'>;
  report: Report;
};

/** Somebody else who changes the schedule at that moment makes it look again, this often. */
const TRIES = 5;

/** Who launches a handler, as Windmill calls him. */
const LAUNCHER: Record<HandlerName, string> = {
  on_failure: 'error_handler',
  on_recovery: 'schedule_recovery_handler',
  on_success: 'schedule_success_handler',
};

/**
 * Counts how a run of a schedule ended and starts the handlers that it calls for, under ids made from the run's: done
 * twice it counts once and starts each once. A run that was canceled counts neither way.
 */
export const runHandlers = async (deps: HandlerDeps, job: Job, now: number): Promise<void> => {
  if (job.schedule_path === undefined || job.status === 'canceled' || job.status === 'skipped') return;
  const counted = await count(deps, job, job.schedule_path);
  if (counted === undefined) return;
  const { schedule, streak } = counted;
  for (const name of handlersDue(schedule, streak)) await startHandler(deps, job, { schedule, streak, name }, now);
};

const count = async (
  deps: HandlerDeps,
  job: Job,
  path: string,
): Promise<{ schedule: Schedule; streak: Streak } | undefined> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const schedule = await deps.schedules.get(job.workspace, path);
    if (schedule === undefined) return undefined;
    const streak = streakWith(schedule.streak, job.id, isSuccess(job.status));
    if (streak === schedule.streak) return { schedule, streak };
    const next = { ...schedule, streak, rev: schedule.rev + 1 };
    if ((await deps.schedules.replace(job.workspace, schedule, next)) === 'replaced') return { schedule, streak };
  }
  throw new Error(`schedule ${path} is changed too often at once`);
};

type Called = { schedule: Schedule; streak: Streak; name: HandlerName };

const startHandler = async (deps: HandlerDeps, job: Job, called: Called, now: number): Promise<void> => {
  const { schedule, name } = called;
  const path = handlerPath(schedule[name] ?? '');
  const script = await deps.directory.newest(job.workspace, path);
  if (script === undefined) {
    deps.report('a handler of a schedule does not exist', new Error(`Script not found at name ${path}`), {
      job: job.id,
      schedule: schedule.path,
    });
    return;
  }
  const argsText = await argsFor(deps, job, called);
  await startOnce(
    deps,
    {
      workspace: job.workspace,
      ...runAsDeployed(deps.queue, script, job.workspace, objectOf(argsText)),
      argsText,
      owner: { created_by: LAUNCHER[name], permissioned_as: schedule.permissioned_as, email: schedule.email },
      id: await uuidV5(job.id, name),
      repeatable: false,
      scheduled_for: now,
      parent_job: job.id,
      root_job: job.root_job ?? job.id,
    },
    now,
  );
};

const iso = (ms: number | undefined): string => new Date(ms ?? 0).toISOString();

const resultOf = async (deps: HandlerDeps, job: Job): Promise<string> =>
  job.result === undefined ? 'null' : deps.payloads.get(job, job.result);

/** `error` of an error result; a result of another shape as it is. */
const errorOf = async (deps: HandlerDeps, job: Job | undefined): Promise<string> => {
  if (job === undefined) return 'null';
  const result = await resultOf(deps, job);
  const parsed = parseJson(result);
  const error = parsed.ok && isJsonObject(parsed.value) ? parsed.value.error : undefined;
  return error === undefined ? result : JSON.stringify(error);
};

/** The arguments of a handler, as JSON text: what is known of the run, and what the schedule adds. */
const argsFor = async (deps: HandlerDeps, job: Job, { schedule, streak, name }: Called): Promise<string> => {
  const about = {
    ...objectOf(schedule[`${name}_extra_args`] ?? '{}'),
    workspace_id: job.workspace,
    job_id: job.id,
    path: schedule.script_path,
    schedule_path: schedule.path,
    is_flow: false,
  };
  switch (name) {
    case 'on_failure':
      return withRawFields(
        { ...about, started_at: iso(job.started_at), email: schedule.email, failed_times: streak.failures },
        { error: await errorOf(deps, job) },
      );
    case 'on_success':
      return withRawFields(
        { ...about, success_started_at: iso(job.started_at) },
        { success_result: await resultOf(deps, job) },
      );
    case 'on_recovery': {
      const failed =
        streak.failed === undefined ? undefined : await deps.jobs.get({ workspace: job.workspace, id: streak.failed });
      return withRawFields(
        {
          ...about,
          error_started_at: iso(failed?.started_at),
          success_started_at: iso(job.started_at),
          success_times: streak.successes,
        },
        { error: await errorOf(deps, failed), success_result: await resultOf(deps, job) },
      );
    }
    default:
      return unreachable(name);
  }
};
