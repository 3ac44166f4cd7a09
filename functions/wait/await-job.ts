import type { JobStore } from '../../shared/jobs/ports.ts';
import { isCompleted, type Job, type JobKey } from '../../shared/model/job.ts';

/** Looks come soon at first and then settle, so that a long job costs few reads. */
const lookEveryMs = (waitedMs: number): number => (waitedMs < 2_000 ? 50 : 500);

/** Waits for a job that somebody else runs. Undefined: not completed by `deadline` (milliseconds since 1970). */
export const awaitJob = async (
  deps: { jobs: JobStore; now: () => number; wait: (ms: number) => Promise<void> },
  key: JobKey,
  deadline: number,
): Promise<Job | undefined> => {
  const startedAt = deps.now();
  for (;;) {
    const job = await deps.jobs.get(key);
    if (job !== undefined && isCompleted(job.status)) return job;
    if (deps.now() >= deadline) return undefined;
    await deps.wait(lookEveryMs(deps.now() - startedAt));
  }
};
