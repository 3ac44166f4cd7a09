import type { Standing } from '../access/standing.ts';
import type { AuditLine } from '../model/audit.ts';
import type { Completion } from '../model/completion.ts';
import type { Concurrency } from '../model/concurrency.ts';
import type { Batch } from '../model/debounce.ts';
import type { FollowupName, Job, JobKey, LogTail, Payload, WaitReason } from '../model/job.ts';
import type { Json } from '../model/json.ts';
import type { Language } from '../model/language.ts';
import type { Frame, RunnerRequest, StatedContent } from '../model/runner.ts';
import type { Schedule } from '../model/schedule.ts';
import type { InstanceSettings } from '../model/settings.ts';
import type { Isolation } from '../model/tenant.ts';
import type { UploadPromise } from '../model/upload-promise.ts';

/** Names one transition. Every conditional write carries it, so that a lost reply is not taken for a lost race. */
export type Op = string;

/** The job items: each method is one conditional write or one read. */
export interface JobStore {
  /** Puts a new job; when the id is taken by another `op`, answers the job that has it. */
  create(job: Job): Promise<{ created: true } | { created: false; existing: Job }>;
  /** A strongly consistent read. Undefined for a job that is expired, though its item may still be there. */
  get(key: JobKey): Promise<Job | undefined>;
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

/** Texts that belong to a job: small ones beside it in the table, large ones in S3. Content-named, so writing twice is harmless. */
export interface PayloadStore {
  put(key: JobKey, kind: 'args' | 'code' | 'result', text: string): Promise<Payload>;
  /** Throws when it is gone: a job's payloads live as long as the job. */
  get(key: JobKey, payload: Payload): Promise<string>;
  /** The same piece by piece, for what may be large: in the memory of a piece. */
  stream(key: JobKey, payload: Payload): AsyncIterable<string | Uint8Array>;
  /** A GET for whoever has no rights of his own, good for `seconds`. Only for `at: 'object'`. */
  presign(payload: Extract<Payload, { at: 'object' }>, seconds: number): Promise<string>;
}

/** A text of a job that comes into S3 past our functions: arguments before the job is made, a result of one attempt. */
export type UploadPlace = { job: JobKey; kind: 'args' } | { job: JobKey; kind: 'result'; attempt: number };

/** For whom places of arguments were made, by the job they are for. */
export interface UploadPromises {
  keep(job: JobKey, promise: UploadPromise): Promise<void>;
  find(job: JobKey): Promise<UploadPromise | undefined>;
}

/** Objects that others put. Each place takes one object, which is never replaced, and lies under its job's prefix. */
export interface UploadStore {
  /** A PUT for whoever has no rights of his own, good for `seconds`: this place, this size, this content, once. */
  invite(
    place: UploadPlace,
    stated: StatedContent,
    seconds: number,
  ): Promise<{ url: string; headers: Record<string, string> }>;
  /** What was put there; undefined: nothing. `pieces` must be read to their end, or `close`d. */
  open(place: UploadPlace): Promise<Uploaded | undefined>;
}

export type Uploaded = {
  payload: Extract<Payload, { at: 'object' }>;
  /** As S3 worked it out, hexadecimal. */
  sha256: string | undefined;
  pieces: AsyncIterable<Uint8Array>;
  close: () => void;
};

/** The instance settings, at most 60 s old. */
export interface Settings {
  read(now: number): Promise<InstanceSettings>;
}

/** What lies beside a job's item: items of its partition, and objects under its prefix. */
export interface JobRemains {
  /** Names of the items; whether any of them points to objects; and whether the job itself is there. */
  list(key: JobKey): Promise<{ items: string[]; objects: boolean; job: boolean }>;
  /** Of no items: does nothing. What is gone already counts as deleted. */
  deleteItems(key: JobKey, items: readonly string[]): Promise<void>;
  /** All objects under the job's prefix, or under one of these folders of it. */
  deleteObjects(key: JobKey, folders?: readonly string[]): Promise<void>;
}

/** Where completed jobs go before their retention takes them. */
export interface JobArchive {
  /** One line of JSON for the whole job, once: a second call for the same job changes nothing. */
  keep(job: Job): Promise<void>;
}

/** One piece of a log. `start` counts characters of the whole log. */
export type LogPage = { attempt: number; start: number; text: string };

/** The log pages of running jobs. Writing a page twice leaves one. */
export interface LogStore {
  /** A page beside the job, for a live tail at the price of a table write. */
  append(key: JobKey, page: LogPage): Promise<void>;
  /** A page in S3 that stands for the pages `covered` (their starts) and more; those are then deleted. */
  offload(key: JobKey, page: LogPage, covered: number[]): Promise<void>;
  /** Characters of the log so far, over all attempts. */
  length(key: JobKey): Promise<number>;
}

/** The queues of the tags. */
export interface JobQueue {
  /** False: no worker group serves the tag, so the job stays queued until one does. */
  serves(tag: string): boolean;
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
export type RunnableCode = { content: string; envs: string[]; isolation?: Isolation };

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

/** The schedules of workspaces. Every change is of the schedule as it was seen. */
export interface ScheduleStore {
  /** A strongly consistent read. */
  get(workspace: string, path: string): Promise<Schedule | undefined>;
  /** `moved`: it is another than `seen` by now, or gone. */
  replace(workspace: string, seen: Schedule, next: Schedule): Promise<'replaced' | 'moved' | 'taken'>;
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

/**
 * Encrypts texts of a workspace so that they may lie in a table. `bound` names what a text belongs to: it opens only where
 * the same is named again, so a ciphertext that was copied elsewhere is of no use there.
 */
export interface SecretBox {
  seal(workspace: string, bound: string, text: string): Promise<string>;
  /** Undefined: it was not sealed here, or is bound to something else. */
  open(workspace: string, bound: string, sealed: string): Promise<string | undefined>;
}

/** An attempt that holds a place under a concurrency limit. */
export type SlotHolder = { job: string; attempt: number };

/** The places under concurrency limits. */
export interface SlotStore {
  /**
   * A place for this attempt, or when to look again. Doing it again keeps the place. `holds` tells whether another holder
   * still runs: places that a crash left behind are taken from those that do not.
   */
  take(
    workspace: string,
    limit: Concurrency,
    holder: SlotHolder,
    now: number,
    holds: (holder: SlotHolder) => Promise<boolean>,
  ): Promise<{ taken: true } | { taken: false; lookAgainAt: number }>;
  /** Leaves the place of an attempt, or of whichever attempt of a job that has ended, if it has one. */
  free(
    workspace: string,
    limit: Concurrency,
    holder: { job: string; attempt?: number },
    ended: { now: number; durationMs: number },
  ): Promise<void>;
}

/** Results of scripts that may be used again. */
export interface ResultCache {
  find(workspace: string, digest: string, now: number): Promise<{ job: string; result: Payload } | undefined>;
  /** `until` in milliseconds since 1970. */
  keep(workspace: string, digest: string, entry: { job: string; result: Payload }, until: number): Promise<void>;
}

/** The open batches of debounced runs. */
export interface BatchStore {
  read(workspace: string, key: string): Promise<Batch | undefined>;
  /** False: another job stands for the key than `seen` says. */
  replace(workspace: string, key: string, seen: Batch | undefined, next: Batch & { due: number }): Promise<boolean>;
  /**
   * Ends the batch that `job` stands for, or none; `over` is the job whose place it had taken. Where another job took its
   * place it does not stand for it. One that began a batch of its own after `job` was made (`createdAt`) took nothing: that
   * batch stays open.
   */
  close(
    workspace: string,
    key: string,
    job: string,
    createdAt: number,
  ): Promise<{ stands: false } | { stands: true; over: string | undefined }>;
}

/** The value of a JavaScript expression that knows `scope` and nothing else, or why it has none. Never throws. */
export type Evaluate = (
  expression: string,
  scope: Record<string, Json>,
) => Promise<{ ok: true; value: Json } | { ok: false; reason: string }>;

/** Tells the platform's log of a fault that is dealt with later. `ids` only: nothing of a job that could be secret. */
export type Report = (message: string, error: unknown, ids: Record<string, string>) => void;

/** Where the audit log is written: durable when it resolves. */
export interface AuditTrail {
  append(line: AuditLine): Promise<void>;
}

/** Texts that must not stand in the log of an attempt: secrets that its job was given or fetched. */
export interface MaskStore {
  /** Durable when it resolves, which must be before the job can know them. False: the attempt is over. */
  add(key: JobKey, attempt: number, texts: readonly string[]): Promise<boolean>;
  /**
   * How many times masks were added to the job: what a write of its log must be up to date with. And all masks of the
   * attempt, or none when the revision is still `known` (0 at first, when there are none).
   */
  read(key: JobKey, attempt: number, known?: number): Promise<{ texts: string[]; revision: number }>;
}

/** Variables and resources by path, as far as `standing` may read them: otherwise a Problem (403, or 404 for none). */
export interface ValueReads {
  variable(standing: Standing, path: string): Promise<{ value: string; is_secret: boolean }>;
  /** As stored: references in it are not followed. */
  resource(standing: Standing, path: string): Promise<Json>;
}
