import type { Concurrency } from '../model/concurrency.ts';
import type { Batch } from '../model/debounce.ts';
import type { Payload } from '../model/job.ts';
import type { Json } from '../model/json.ts';
import type { Schedule } from '../model/schedule.ts';

/** The schedules of workspaces. Every change is of the schedule as it was seen. */
export interface ScheduleStore {
  /** A strongly consistent read. */
  get(workspace: string, path: string): Promise<Schedule | undefined>;
  /** `moved`: it is another than `seen` by now, or gone. */
  replace(workspace: string, seen: Schedule, next: Schedule): Promise<'replaced' | 'moved' | 'taken'>;
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
