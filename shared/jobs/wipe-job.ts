import type { Job } from '../model/job.ts';
import type { JobRemains } from './payload-ports.ts';
import type { JobStore } from './ports.ts';
import { hasObjects } from './remove-job.ts';

type WipeDeps = { jobs: Pick<JobStore, 'wipe'>; remains: JobRemains };

const SECRETIVE = ['args', 'result', 'log'];
const isCode = (item: string): boolean => item.startsWith('code#');

/**
 * Wipes a completed job's arguments, result and log: first from its item, so that they are gone for readers at once, then
 * from where they lie. Cut in between, the rest goes when it is called again. Undefined: the job is gone or not completed.
 */
export const wipeJob = async (deps: WipeDeps, job: Job): Promise<Job | undefined> => {
  const wiped = await deps.jobs.wipe(job);
  if (wiped === undefined) return undefined;
  const { items, objects } = await deps.remains.list(job);
  if (objects || hasObjects(job) || job.deleted === true) await deps.remains.deleteObjects(job, SECRETIVE);
  await deps.remains.deleteItems(
    job,
    items.filter((item) => !isCode(item)),
  );
  return wiped;
};

/**
 * Deletes a completed job: it is gone for readers at once, and all that lies beside it goes now. Its item, which by then
 * tells no more than that it ran, goes with the next sweep of times to live, and so does what a crash left behind. It is not
 * archived. Does nothing to a job that is gone or not completed.
 */
export const deleteJob = async (
  deps: { jobs: Pick<JobStore, 'wipe'>; remains: JobRemains },
  job: Job,
  now: number,
): Promise<void> => {
  const wiped = await deps.jobs.wipe(job, Math.floor(now / 1000));
  if (wiped === undefined) return;
  const { items, objects } = await deps.remains.list(job);
  if (objects || hasObjects(job) || job.deleted === true) await deps.remains.deleteObjects(job);
  await deps.remains.deleteItems(job, items);
};
