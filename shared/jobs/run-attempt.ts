import { failed } from '../model/completion.ts';
import { unreachable } from '../model/errors.ts';
import type { TaskOrder } from '../model/frame-batch.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import type { StatedContent } from '../model/runner.ts';
import { tenantOf } from '../model/tenant.ts';
import type { Beats } from './beats.ts';
import { type BeforeDeps, beforeRun } from './before-run.ts';
import { type ConcludeDeps, type Concluded, concludeAttempt } from './conclude-attempt.ts';
import type { FinishDeps } from './finish-job.ts';
import { keepChoice, keepResultAsChoice } from './keep-choice.ts';
import { LockPending, lookAgainAt } from './lock-pending.ts';
import { LogWriter } from './log-writer.ts';
import { NotRunnable } from './not-runnable.ts';
import type { LogStore, UploadStore } from './payload-ports.ts';
import { type Delivery, type Lane, LaneFull, RunnerLost } from './ports.ts';
import { type RebuildDeps, rebuildPackages } from './rebuild-packages.ts';
import { ResultStream } from './result-stream.ts';
import { type Ended, runnerDied, runnerEnd } from './runner-end.ts';
import { type RequestDeps, runnerRequest } from './runner-request.ts';
import type { Allowed } from './still-allowed.ts';
import type { MaskStore } from './value-ports.ts';

export type AttemptDeps = RequestDeps &
  ConcludeDeps &
  RebuildDeps &
  FinishDeps &
  BeforeDeps & {
    stillAllowed: (job: Job, now: number) => Promise<Allowed>;
    logs: LogStore;
    streams: LogStore;
    masks: MaskStore;
    uploads: UploadStore;
    lane: Lane;
    beats: Beats;
    /** Absent: no job is a task here. */
    tasks?: TaskLane;
  };

/** The jobs that are tasks of their own. */
export type TaskLane = {
  takes: (job: Job) => boolean;
  /** Resolves when the task is started and vouches for the job itself. Errors as `Lane.run` has them before its first frame. */
  /** `start`: characters of the job's log so far. */
  handOver: (job: Job, order: Pick<TaskOrder, 'request' | 'secrets' | 'cacheKey'>, start: number) => Promise<void>;
};

/** What became of an attempt. */
export type AttemptEnd =
  | Concluded
  /** A task of its own runs it now, and says what comes of it. */
  | { is: 'handed over' };

type Waits = Extract<AttemptEnd, { is: 'waits' }>;
type HandedOver = Extract<AttemptEnd, { is: 'handed over' }>;

/**
 * Runs the attempt that `job` describes (claimed by this worker) on the lane, streams its log, and ends it. Throws only
 * when nothing can have run; once the runner may have started user code, every failure ends the job with its reason.
 */
export const runAttempt = (deps: AttemptDeps, job: Job, op: string, delivery: Delivery): Promise<AttemptEnd> =>
  deps.beats.during(job, delivery, async () => {
    const start = job.attempt > 1 ? await deps.logs.length(job) : 0;
    const log = new LogWriter(deps, job, start);
    const head = `job=${job.id} tag=${job.tag} worker=${job.worker ?? ''}\n`;
    await log.write(head);
    const stream = new ResultStream(deps, job);
    const attempt = await onLane(deps, job, { log, stream, start, head });
    const streamed = await stream.end();
    if (attempt.is === 'handed over') return attempt;
    if (attempt.is === 'waits') return waiting(attempt, log);
    return concludeAttempt(deps, job, attempt, { log, streamed }, op);
  });

/** What a job said before it waits again stays in its log; a mere wait for room or packages leaves no trace in it. */
const waiting = async (waits: Waits, log: LogWriter): Promise<Waits> => {
  if (waits.reason === 'no_capacity' || waits.reason === 'dependencies') log.discard();
  else await log.close();
  return waits;
};

/** Where what an attempt says goes. */
type Said = { log: LogWriter; stream: ResultStream; start: number; head: string };

/** A task begins the log itself, so that one that was not started leaves nothing in it, however long the asking took. */
const toTask = async (
  tasks: TaskLane,
  job: Job,
  order: Parameters<TaskLane['handOver']>[1],
  { log, start, head }: Said,
): Promise<HandedOver> => {
  log.discard();
  try {
    await tasks.handOver(job, order, start);
    return { is: 'handed over' };
  } catch (error) {
    if (error instanceof NotRunnable) await log.write(head);
    throw error;
  }
};

const onLane = async (deps: AttemptDeps, job: Job, said: Said): Promise<Ended | Waits | HandedOver> => {
  const { log, stream } = said;
  try {
    const allowed = await deps.stillAllowed(job, deps.now());
    if ('refused' in allowed) throw new NotRunnable(`Permission denied: ${allowed.refused}`);
    const before = await beforeRun(deps, job);
    if (before.is !== 'go') await log.write(`[millrace] ${before.note}\n`);
    if (before.is === 'waits') return { is: 'waits', reason: 'concurrency_limit', dueAt: before.dueAt };
    if (before.is === 'ends') return { is: 'ended', completion: before.completion, timedOut: false };
    const prepared = await runnerRequest(deps, job, allowed.standing, deps.now());
    const { request, secrets, isolation, known } = prepared;
    if (known !== undefined) {
      await log.write(`[millrace] the lock, which nothing had to be looked for:\n${known.lock}\n`);
      return { is: 'ended', completion: { status: 'success', result: JSON.stringify(known) }, timedOut: false };
    }
    if (deps.tasks?.takes(job) === true) {
      return await toTask(deps.tasks, job, { request, secrets, cacheKey: before.cacheKey }, said);
    }
    log.masks.add(secrets);
    stream.mask(secrets);
    // Choosing has no code: each set of requirements is kept apart, for a build may spoil its environment.
    const code = request.dependencies === undefined ? request.code : JSON.stringify(request.dependencies.requirements);
    const tenancy = { job, code, script: isolation, workspace: allowed.isolation };
    const result: string[] = [];
    let large: StatedContent | undefined;
    let lostArchives: string[] = [];
    for await (const frame of deps.lane.run(request, await sha256Hex(tenantOf(tenancy)))) {
      switch (frame.type) {
        case 'log':
          await log.write(frame.text);
          break;
        case 'stream':
          await stream.write(frame.text);
          break;
        case 'note':
          await log.write(`[millrace] ${frame.text}\n`);
          break;
        case 'lock':
          await keepChoice(deps, job, prepared.keepAs, frame.record);
          break;
        case 'result':
          result.push(frame.part);
          break;
        case 'large-result':
          large = frame;
          break;
        case 'packages-lost':
          lostArchives = frame.archives;
          break;
        case 'end': {
          if (lostArchives.length > 0 && (await rebuildPackages(deps, job, lostArchives, deps.now())))
            throw new LockPending('waits for packages that are made anew');
          const end = await runnerEnd(deps.uploads, job, { end: frame, result: result.join(''), large });
          if (job.kind === 'dependencies') await keepResultAsChoice(deps, job, prepared.keepAs, end.completion);
          return { ...end, cacheKey: before.cacheKey };
        }
        default:
          unreachable(frame);
      }
    }
    return runnerDied('its runner died without a word, possibly out of memory');
  } catch (error) {
    if (error instanceof LaneFull) return { is: 'waits', reason: 'no_capacity' };
    if (error instanceof LockPending)
      return { is: 'waits', reason: 'dependencies', dueAt: lookAgainAt(job, deps.now()) };
    if (error instanceof RunnerLost) return runnerDied(error.message);
    if (error instanceof NotRunnable)
      return { is: 'ended', completion: failed({ name: error.name, message: error.message }), timedOut: false };
    throw error;
  }
};
