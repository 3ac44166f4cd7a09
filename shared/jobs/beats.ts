import type { Job } from '../model/job.ts';
import type { Beat, Delivery, WorkerStore } from './ports.ts';

/** A job held this long makes its worker show that it lives; shorter jobs pay nothing. */
const FIRST_BEAT_MS = 3_000;
const BEAT_EVERY_MS = 4_000;
/** After a beat that failed: the lease must not run out for one throttled write. */
const BEAT_AGAIN_MS = 1_000;
/** How long one beat vouches for the worker. */
const LEASE_MS = 10_000;
/** Longer than the lease: a message that comes back finds a worker that is known to be dead. */
const HIDDEN_S = 12;

type Held = { job: Beat['jobs'][number]; delivery: Delivery };

/** A worker and the group that it belongs to. */
export type WorkerName = { name: string; group: string };

/**
 * The signs of life of one worker (one execution environment of `dispatch` or `wait`) while it holds jobs: its lease, and
 * the messages of its jobs, which it keeps hidden. When the worker dies, these come back by themselves and its jobs are
 * taken over. A beat that fails is tried again soon: if the lease runs out meanwhile, this worker's late writes are refused
 * by their attempt.
 */
export class Beats {
  readonly #workers: WorkerStore;
  readonly #worker: WorkerName;
  readonly #now: () => number;
  readonly #since: number;
  readonly #held = new Map<string, Held>();
  #executed = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Raised at every rest, so that a beat that was on its way then does not go on beside its successors. */
  #round = 0;
  #beating = false;

  constructor(workers: WorkerStore, worker: WorkerName, now: () => number) {
    this.#workers = workers;
    this.#worker = worker;
    this.#now = now;
    this.#since = now();
  }

  /** Runs `work` while vouching for the job and keeping its message. */
  async during<T>(job: Job, delivery: Delivery, work: () => Promise<T>): Promise<T> {
    const { workspace, id, attempt } = job;
    const key = `${workspace}#${id}`;
    this.#held.set(key, { job: { workspace, id, attempt }, delivery });
    this.#timer ??= this.#schedule(FIRST_BEAT_MS);
    try {
      return await work();
    } finally {
      this.#held.delete(key);
      this.#executed += 1;
      if (this.#held.size === 0) await this.#rest();
    }
  }

  #schedule(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#beat(this.#round), delayMs);
  }

  async #beat(round: number): Promise<void> {
    this.#beating = true;
    const held = [...this.#held.values()];
    const at = this.#now();
    const beat: Beat = {
      jobs: held.map(({ job }) => job),
      lease: at + LEASE_MS,
      at,
      group: this.#worker.group,
      since: this.#since,
      executed: this.#executed,
    };
    const vouched = this.#workers.beat(this.#worker.name, beat).then(
      () => true,
      () => false,
    );
    const [known] = await Promise.all([vouched, ...held.map(({ delivery }) => delivery.keep(HIDDEN_S))]);
    if (round !== this.#round) return;
    this.#timer = this.#schedule(known ? BEAT_EVERY_MS : BEAT_AGAIN_MS);
  }

  async #rest(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round += 1;
    if (!this.#beating) return;
    this.#beating = false;
    await this.#workers.gone(this.#worker.name).catch(() => undefined);
  }
}
