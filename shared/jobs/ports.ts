import type { Completion } from '../model/completion.ts';
import type { FollowupName, Job, JobKey, LogTail, Payload, WaitReason } from '../model/job.ts';
import type { Language } from '../model/language.ts';
import type { Frame, RunnerRequest } from '../model/runner.ts';
import type { InstanceSettings } from '../model/settings.ts';
import type { Isolation } from '../model/tenant.ts';
import type { TimeLimits } from '../model/time-limits.ts';

/** Names one transition. Every conditional write carries it, so that a lost reply is not taken for a lost race. */
export type Op = string;

/** The job items: each method is one conditional write or one read. */
export interface JobStore {
  /** Puts a new job; when the id is taken by another `op`, answers the job that has it. */
  create(job: Job): Promise<{ created: true } | { created: false; existing: Job }>;
  /** A strongly consistent read. Undefined for a job that is expired, though its item may still be there. */
  get(key: JobKey): Promise<Job | undefined>;
  /** Those of these jobs that `get` would answer, each once, in no order, a hundred a call. */
  getMany(workspace: string, ids: readonly string[]): Promise<Job[]>;
  /** queued and due -> running, attempt + 1. On refusal: the item as it stood. */
  claim(
    key: JobKey,
    claim: { worker: string; now: number; op: Op },
  ): Promise<{ claimed: true; job: Job } | { claimed: false; job: Job | undefined }>;
  /**
   * running under `attempt` -> terminal; first writer wins. Refused when the attempt is over, or when somebody asked to
   * cancel and `completion` is not the cancelation, or (given `masks`) when secrets were recorded since the revision that
   * its texts were masked for: then `job` tells which.
   */
  finish(
    key: JobKey,
    attempt: number,
    completion: StoredCompletion,
    op: Op,
    masks?: number,
  ): Promise<{ finished: true; job: Job } | { finished: false; job: Job | undefined }>;
  /**
   * running under `attempt` -> queued again, due at `dueAt`. `ran` false: the try is given back. `waits` tells those who
   * look what it waits for; for a `retry` its tries begin anew.
   */
  release(
    key: JobKey,
    attempt: number,
    release: { dueAt: number; ran: boolean; op: Op; waits?: WaitReason },
  ): Promise<boolean>;
  /** queued after `attempt` attempts -> canceled. Undefined when it is not so queued any more. */
  cancelQueued(key: JobKey, attempt: number, completion: StoredCompletion, op: Op): Promise<Job | undefined>;
  /** Other arguments for a job that was never claimed. Undefined when it was, or is over. */
  replaceArgs(key: JobKey, args: Payload, refs: boolean, op: Op): Promise<Job | undefined>;
  /** queued -> skipped. False when it is not queued any more. */
  skipQueued(key: JobKey, completion: StoredCompletion, op: Op): Promise<boolean>;
  /** queued for later -> due at `now`. Undefined when it is not queued, or due already. */
  makeDue(key: JobKey, now: number, op: Op): Promise<Job | undefined>;
  /** ended and owing -> ended for good: off the live jobs. Nothing happens to one that owes nothing. */
  settle(key: JobKey): Promise<void>;
  /**
   * Empties arguments, result and log in a completed job's item; from `expires` on (seconds since 1970) it counts as gone.
   * Undefined: there is no such job, or it is not completed.
   */
  wipe(key: JobKey, expires?: number): Promise<Job | undefined>;
  /** Lets an attempt run another version of its script than the one it was made with. Undefined: the attempt is over. */
  useVersion(key: JobKey, attempt: number, version: { hash: string; language: Language }): Promise<Job | undefined>;
  /** Tells readers that this attempt streams. Nothing happens when it is over. */
  markStreaming(key: JobKey, attempt: number): Promise<void>;
  /** Notes how far an attempt is, in percent; what is less than was noted changes nothing. False: the attempt is over. */
  setProgress(key: JobKey, attempt: number, percent: number): Promise<boolean>;
  /** The attempt is another worker's from now on. Undefined: it is over. */
  handOver(key: JobKey, attempt: number, worker: string): Promise<Job | undefined>;
  /** Marks a running job to be stopped. Undefined when it is not running any more. */
  requestCancel(key: JobKey, by: Canceler): Promise<Job | undefined>;
}

/** The rows of jobs that are queued or running, as they were a moment ago: a job made just now may be missing. */
export interface LiveRows {
  /** Which live jobs another job started, and which. */
  links(workspace: string): Promise<{ id: string; parent: string }[]>;
  /** Ids of the live jobs of a path. */
  ofPath(workspace: string, path: string): Promise<string[]>;
}

export type Canceler = { by: string; reason: string | undefined };

/** A completion whose result has found its place. */
export type StoredCompletion = Omit<Completion, 'result'> & {
  result: Payload;
  completedAt: number;
  durationMs?: number;
  logTail?: LogTail;
  /** What the job owes when it has ended so; while it does, it stays among the live jobs. */
  followups?: FollowupName[];
  canceledBy?: string;
  canceledReason?: string;
  /** Seconds since 1970 from which the job counts as gone; absent: never by itself. */
  expires?: number;
};

/** The instance settings, at most 60 s old. */
export interface Settings {
  read(now: number): Promise<InstanceSettings>;
}

/** The queues of the tags. */
export interface JobQueue {
  /** False: no worker group serves the tag, so the job stays queued until one does. */
  serves(tag: string): boolean;
  /** Whether such a job is run by a task of its own: its tag says so, or it may run longer than Lambda lets it. */
  runsAsTask(job: Pick<Job, 'tag' | 'timeout_s'>): boolean;
  /** How long jobs of a tag may run. */
  timeLimits(tag: string): TimeLimits;
  /** About how many messages wait for workers now in the queue that this job goes by; 0 where no group serves its tag. */
  backlog(job: Pick<Job, 'tag' | 'priority'>): Promise<number>;
  /** Sends the job's message so that it arrives at `dueAt` or a little before, never later than workers allow. */
  send(job: Pick<Job, 'workspace' | 'id' | 'tag' | 'priority'>, dueAt: number, now: number): Promise<void>;
}

/** What a queue was asked to deliver later. */
export interface LateMessages {
  /**
   * Takes back the message of a job due far ahead, as it stood before it was canceled or made due. Never rejects: a
   * message that comes nevertheless finds nothing to do.
   */
  forget(job: Pick<Job, 'workspace' | 'id' | 'created_at' | 'scheduled_for'>, now: number): Promise<void>;
}

/** The lane has no room now: the claim is given back, and it was not a try. */
export class LaneFull extends Error {
  override readonly name = 'LaneFull';
}

/** The runner died while it may have been running user code. The message completes `Job failed: ...`. */
export class RunnerLost extends Error {
  override readonly name = 'RunnerLost';
}

/** A way to run user code. */
export interface Lane {
  /**
   * Runs one attempt and yields what the runner says. Throws LaneFull before the first frame when there is no room, and
   * RunnerLost when the runner died; any other error means that the lane could not be asked at all.
   */
  run(request: RunnerRequest, tenant: string): AsyncIterable<Frame>;
}

/** Code, and what its script says about running it: `K=V` lines of environment, and who shares its environments. */
export type RunnableCode = {
  content: string;
  envs: string[];
  isolation?: Isolation;
  /** The lock that its author gave it. */
  lock?: string;
  /** The dependencies job whose outcome says what it may import; absent: it needs no packages. */
  lockJob?: string;
};

/** The code of deployed scripts; a hash never changes its meaning, so answers may be cached for ever. */
export interface ScriptCode {
  get(workspace: string, hash: string): Promise<RunnableCode | undefined>;
}

/** Signs the short-lived tokens of one attempt. */
export interface AttemptTokens {
  /** `WM_TOKEN`: the rights of the job's `permissioned_as`, for as long as this attempt runs. */
  jobToken(job: Job, now: number): Promise<string>;
  /** Good only to ask whether this attempt should go on. */
  controlToken(job: Job, now: number): Promise<string>;
}

/** The message that brought a job to its worker. */
export interface Delivery {
  /**
   * Keeps it from everybody else for `seconds` from now; then it comes again, unless it was deleted. Never rejects: a
   * message that is kept for longer only comes back later.
   */
  keep(seconds: number): Promise<void>;
}

/** A worker at one moment. Times are milliseconds since 1970; until `lease` it counts as alive. */
export type Beat = {
  jobs: { workspace: string; id: string; attempt: number }[];
  lease: number;
  at: number;
  /** Its worker group. */
  group: string;
  /** When it came up, and how many jobs it took up and let go since. */
  since: number;
  executed: number;
};

/** The worker's sign of life, for jobs that run longer than a few seconds. */
export interface WorkerStore {
  beat(worker: string, beat: Beat): Promise<void>;
  /** Undefined: no beat is known. */
  leaseOf(worker: string): Promise<number | undefined>;
  gone(worker: string): Promise<void>;
}

/** Tells the platform's log of a fault that is dealt with later. `ids` only: nothing of a job that could be secret. */
export type Report = (message: string, error: unknown, ids: Record<string, string>) => void;
