import type { Job, JobStatus, Payload } from './job.ts';
import type { Json, JsonObject } from './json.ts';

/** An error as Windmill's clients read it: `result.error` of a failed job. */
export type JobError = { name: string; message: string; stack?: string };

/** How a job ends, decided before the one write that ends it. `result` is a value still to be stored. */
export type Completion = {
  status: Exclude<JobStatus, 'queued' | 'running'>;
  /** JSON text of the result. */
  result: string;
  /** Set when the result has its place already, and `result` is nothing. */
  stored?: Payload;
  memPeakKb?: number;
  /** What its result puts on the job, beside the labels that it has. */
  labels?: string[];
};

/** The result of a failed job: `{"error": ...}` with whatever extra fields the error has. */
export const failed = (error: JobError | JsonObject): Completion => ({
  status: 'failure',
  result: JSON.stringify({ error }),
});

/** The result of a canceled job, in the words of the reference (1.7). */
export const canceled = (by: string, reason: string | undefined): Completion => {
  const why = reason ?? 'unexplicited reasons';
  const error: Json = { message: `Job canceled: ${why} by ${by}`, name: 'Canceled', reason: why, canceler: by };
  return { status: 'canceled', result: JSON.stringify({ error }) };
};

/** A job whose process ran over its time: a failure in lists, with `canceled_by` `timeout` as Windmill has it. */
export const timedOut = (seconds: number): Completion => ({
  status: 'failure',
  result: JSON.stringify({
    error: { name: 'ExecutionTimeout', message: `Job timed out: it ran longer than its limit of ${seconds} s` },
  }),
});

/** A job whose workers died too often. */
export const workerLost = (job: Pick<Job, 'tries'>): Completion =>
  failed({
    name: 'WorkerLost',
    message: `Job failed: its worker died or lost contact ${job.tries} times, so it is not tried again`,
  });

/** A job that was never started: each time something of ours was out of order. */
export const unstarted = (job: Pick<Job, 'tries'>): Completion =>
  failed({
    name: 'NotStarted',
    message: `Job failed: it could not be started ${job.tries} times, so it is not tried again`,
  });
