import type { TaskOrder } from '../model/frame-batch.ts';
import type { Job } from '../model/job.ts';
import { taskWorker } from '../model/task-group.ts';
import type { LogStore } from './payload-ports.ts';
import type { AttemptTokens, JobStore, WorkerStore } from './ports.ts';
import type { TaskLane } from './run-attempt.ts';
import type { TaskOrders, TaskStarter } from './task-ports.ts';

export type HandOverDeps = {
  jobs: JobStore;
  workers: WorkerStore;
  orders: TaskOrders;
  starter: TaskStarter;
  tokens: AttemptTokens;
  logs: LogStore;
  streams: LogStore;
  baseUrl: () => Promise<string>;
  now: () => number;
};

/** How long a task may take from its start until it first asks: its image is fetched, which may take a minute or two. */
const START_LEASE_MS = 300_000;
/** The longest result that a batch of frames takes, bytes: with all quotes of its text escaped it fits a request. */
const RESULT_IN_BATCH_BYTES = 2_500_000;

/**
 * Gives an attempt to a task of its own. What it is to run is durable first, then the task is started, and only then does it
 * hold the job in our place: cut anywhere, the message comes back and finds a dead worker, and a task that was started for
 * an attempt that is over is told to stop.
 */
const handOver = async (
  deps: HandOverDeps,
  job: Job,
  order: Pick<TaskOrder, 'request' | 'secrets' | 'cacheKey'>,
  start: number,
): Promise<void> => {
  const worker = taskWorker(deps.starter.groupOf(job), job);
  const [url, token, streamed] = await Promise.all([
    attemptUrl(deps, job),
    deps.tokens.controlToken(job, deps.now()),
    job.attempt > 1 ? deps.streams.length(job) : 0,
  ]);
  const request = { ...order.request, resultLimitBytes: RESULT_IN_BATCH_BYTES };
  const head = `job=${job.id} tag=${job.tag} worker=${worker}\n`;
  await deps.orders.put(
    job,
    job.attempt,
    { ...order, request, head },
    {
      seq: 0,
      taken: { log: 0, stream: 0 },
      log: { start, covered: 0, masked: false, inline: 0 },
      stream: { start: streamed, covered: 0, masked: false, inline: 0 },
    },
  );
  await deps.starter.start(job, { url, token });
  await hold(deps, job, worker);
};

const attemptUrl = async ({ baseUrl }: HandOverDeps, job: Job): Promise<string> =>
  `${await baseUrl()}/api/frames/${encodeURIComponent(job.workspace)}/${job.id}/${job.attempt}`;

/** The task vouches for the job from now on; if it has ended the job meanwhile, it needs not. */
const hold = async (deps: HandOverDeps, job: Job, worker: string): Promise<void> => {
  const held = await deps.jobs.handOver(job, job.attempt, worker);
  if (held === undefined) return;
  await vouch(deps, job, worker, START_LEASE_MS);
};

/** One beat of a task, good for `leaseMs`. */
export const vouch = async (
  deps: Pick<HandOverDeps, 'workers' | 'now'>,
  job: Job,
  worker: string,
  leaseMs: number,
): Promise<void> => {
  const at = deps.now();
  await deps.workers.beat(worker, {
    jobs: [{ workspace: job.workspace, id: job.id, attempt: job.attempt }],
    lease: at + leaseMs,
    at,
    group: worker.split('-')[1] ?? '',
    since: job.started_at ?? at,
    executed: 0,
  });
};

/** The jobs that are tasks, for a function that may start them. */
export const taskLane = (deps: HandOverDeps, takes: (job: Job) => boolean): TaskLane => ({
  takes,
  handOver: (job, order, start) => handOver(deps, job, order, start),
});
