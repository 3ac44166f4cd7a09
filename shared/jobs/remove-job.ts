import type { Job, Payload } from '../model/job.ts';
import type { JobArchive, JobRemains } from './payload-ports.ts';
import type { Settings } from './ports.ts';

/** What taking a job's remains away takes. */
export type RemoveDeps = {
  remains: JobRemains;
  archive: JobArchive;
  settings: Settings;
  /** The jobs that live as long as this one, such as the steps of a flow; found from items that go last. */
  children: (job: Job) => AsyncIterable<Job>;
};

const inBucket = (payload: Payload | undefined): boolean => payload?.at === 'object';

/** Whether a job's own item points to objects. */
export const hasObjects = (job: Job): boolean => [job.args, job.code, job.result].some(inBucket);

/**
 * Takes away everything that is left of a job whose item is gone: its children, its objects, then the items beside it that
 * point to them. Cut anywhere, it does the rest when it is called again. A job that was made anew under the id meanwhile
 * keeps what it has. Where the instance archives, the job is archived first.
 *
 * A listing of objects costs as much as writing one, so it is made only for jobs that point to any; what a lost write left
 * behind unreferenced is found by `reconcile`.
 */
export const removeRemains = async (deps: RemoveDeps, job: Job, now: number): Promise<void> => {
  const left = await deps.remains.list(job);
  if (!left.job) await clear(deps, job, left, now);
};

type Left = Awaited<ReturnType<JobRemains['list']>>;

const clear = async (deps: RemoveDeps, job: Job, left: Left, now: number): Promise<void> => {
  const { archive_completed_jobs } = await deps.settings.read(now);
  if (archive_completed_jobs && job.deleted !== true) await deps.archive.keep(job);
  for await (const child of deps.children(job)) {
    await clear(deps, child, await deps.remains.list(child), now);
    await deps.remains.deleteItems(child, ['job']);
  }
  if (left.objects || hasObjects(job)) await deps.remains.deleteObjects(job);
  await deps.remains.deleteItems(job, left.items);
};
