import type { FramesTaken, TaskOrder } from '../model/frame-batch.ts';
import type { Job, JobKey } from '../model/job.ts';

/** How far one text of an attempt is written. */
export type Written = {
  /** Characters of the whole text, over all attempts, before what comes next. */
  start: number;
  /** Units at the beginning of what comes next that belong to a secret whose mask is written already. */
  covered: number;
  /** Whether anything of it was masked. */
  masked: boolean;
  /** Characters beside the job; beyond a limit the pages go to S3. */
  inline: number;
};

export type TaskTerms = Pick<TaskOrder, 'secrets' | 'cacheKey'>;

/** How far a task's batches were taken. */
export type TaskProgress = {
  /** Of the last batch that was taken; 0: none yet. */
  seq: number;
  taken: FramesTaken;
  log: Written;
  stream: Written;
};

/** What tasks are to run, and how far they told of it. */
export interface TaskOrders {
  /** Durable when it resolves. Putting an attempt's order again replaces it. */
  put(key: JobKey, attempt: number, order: TaskOrder, progress: TaskProgress): Promise<void>;
  /** Undefined: there is none. */
  order(key: JobKey, attempt: number): Promise<TaskOrder | undefined>;
  /** What of it its task is not told. Never changes, so it may come from memory. */
  terms(key: JobKey, attempt: number): Promise<TaskTerms | undefined>;
  /** A strongly consistent read. */
  progress(key: JobKey, attempt: number): Promise<TaskProgress | undefined>;
  /** One conditional write: `seq` of the progress as it stands must be one less. False: another batch was first. */
  advance(key: JobKey, attempt: number, progress: TaskProgress): Promise<boolean>;
}

/** Starts tasks. */
export interface TaskStarter {
  /** The name of the worker group that runs such jobs. Throws NotRunnable when there is none. */
  groupOf(job: Job): string;
  /**
   * Starts the task of this attempt, once however often it is asked. Throws LaneFull when there is no room now, NotRunnable
   * when it can never be, anything else when it is not known.
   */
  start(job: Job, told: { url: string; token: string }): Promise<void>;
}
