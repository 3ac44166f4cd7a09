import type { DynamoWorkerStore, Worker } from '../../shared/aws/worker-store.ts';

export type LivingWorkers = Pick<DynamoWorkerStore, 'list'>;

/** The workers whose last beat still vouches for them: others are dead, and the reaper sees to their jobs. */
export const livingWorkers = async (workers: LivingWorkers, now: number): Promise<Worker[]> =>
  (await workers.list()).filter(({ lease }) => lease >= now);
