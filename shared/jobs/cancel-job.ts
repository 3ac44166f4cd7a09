import { canceled } from '../model/completion.ts';
import { owedBy } from '../model/followups.ts';
import { isCompleted, isFutureTick, type Job } from '../model/job.ts';
import { cancelFields, expiryOf, type FinishDeps, finishJob } from './finish-job.ts';
import type { LogStore } from './payload-ports.ts';
import type { Canceler, LateMessages } from './ports.ts';
import { runFollowups } from './run-followups.ts';

/** What canceling a job takes. */
export type CancelDeps = FinishDeps & { logs: LogStore; queue: LateMessages };

/**
 * `force`: a running job ends at once, and its runner learns of it when it asks next. `voidTick`: whoever changes a schedule
 * takes its future tick back.
 */
export type Cancelation = { by: Canceler; op: string; now: number; force?: boolean; voidTick?: boolean };

/** What a request to cancel led to. */
export type Canceled =
  | { is: 'canceled'; job: Job }
  /** It runs: its runner is told at its next control poll, at most 3 s later, and its end is then `canceled`. */
  | { is: 'stopping'; job: Job }
  | { is: 'already-completed'; job: Job }
  /** A tick of a schedule whose time has not come: it is the schedule's to take back, or the schedule would stand still. */
  | { is: 'future-tick'; job: Job }
  | { is: 'unknown' };

/** How often a job may change under our hands (claimed, given back, claimed ...) before that is taken for a fault. */
const MOST_LOOKS = 20;

/**
 * Cancels one job: a queued one ends at once, a running one is stopped by its runner's next control poll, or ends at once
 * when `force` says so. Whatever it races, it has one outcome: who writes first wins, and a cancel that was answered as
 * `canceled` or `stopping` is never followed by another end.
 */
export const cancelJob = async (deps: CancelDeps, job: Job, cancelation: Cancelation): Promise<Canceled> => {
  let seen: Job | undefined = job;
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    if (seen === undefined) return { is: 'unknown' };
    if (isCompleted(seen.status)) return { is: 'already-completed', job: seen };
    if (cancelation.voidTick !== true && isFutureTick(seen, cancelation.now)) return { is: 'future-tick', job: seen };
    const outcome: Canceled | undefined =
      seen.status === 'running' ? await stop(deps, seen, cancelation) : await endQueued(deps, seen, cancelation);
    if (outcome !== undefined) return outcome;
    seen = await deps.jobs.get(job);
  }
  throw new Error(`job ${job.id} never stood still`);
};

const logLine = ({ by, force = false }: Cancelation): string => `canceled by ${by.by}: (force cancel: ${force})\n`;

/** Undefined: it is no longer queued as it was. */
const endQueued = async (deps: CancelDeps, job: Job, cancelation: Cancelation): Promise<Canceled | undefined> => {
  const { by, op, now } = cancelation;
  const { status, result } = canceled(by.by, by.reason);
  const stored = await deps.payloads.put(job, 'result', result);
  const start = job.attempt === 0 ? 0 : await deps.logs.length(job);
  const completion = {
    status,
    result: stored,
    completedAt: now,
    durationMs: 0,
    logTail: { start, text: logLine(cancelation) },
    followups: owedBy(job, status),
    ...(await expiryOf(deps.settings, job, now)),
    ...cancelFields(by),
  };
  const ended = await deps.jobs.cancelQueued(job, job.attempt, completion, op);
  if (ended === undefined) return undefined;
  await deps.queue.forget(job, now);
  await runFollowups(deps, ended, now);
  return { is: 'canceled', job: ended };
};

/** Undefined: it does not run any more. */
const stop = async (deps: CancelDeps, job: Job, cancelation: Cancelation): Promise<Canceled | undefined> => {
  const marked = await deps.jobs.requestCancel(job, cancelation.by);
  if (marked === undefined) return undefined;
  return cancelation.force === true ? endRunning(deps, marked, cancelation) : { is: 'stopping', job: marked };
};

/** The job is marked, so that whoever ends it meanwhile ends it as canceled. Who asked first is who canceled it. */
const endRunning = async (deps: CancelDeps, job: Job, cancelation: Cancelation): Promise<Canceled> => {
  const by: Canceler = { by: job.canceled_by ?? cancelation.by.by, reason: job.canceled_reason };
  const logTail = { start: await deps.logs.length(job), text: logLine(cancelation) };
  const ended = await finishJob(deps, job, canceled(by.by, by.reason), {
    op: cancelation.op,
    now: cancelation.now,
    logTail,
    ...cancelFields(by),
  });
  return { is: 'canceled', job: ended ?? (await deps.jobs.get(job)) ?? job };
};
