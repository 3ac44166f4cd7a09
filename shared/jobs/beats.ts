import type { Job } from '../model/job.ts';
import type { WorkerStore } from './ports.ts';

/** A job held this long makes its worker show that it lives; shorter jobs pay nothing. */
const FIRST_BEAT_MS = 3_000;
const BEAT_EVERY_MS = 4_000;
/** How long one beat vouches for the worker. */
const LEASE_MS = 10_000;

/**
 * The signs of life of one worker (one execution environment of `dispatch` or `wait`) while it holds jobs. A beat that
 * fails is tried again at the next: if the lease runs out meanwhile, the reaper takes the jobs and this worker's late
 * writes are refused by their attempt.
 */
export class Beats {
  readonly #workers: WorkerStore;
  readonly #worker: string;
  readonly #now: () => number;
  readonly #held = new Map<string, { workspace: string; id: string; attempt: number }>();
  #timer: NodeJS.Timeout | undefined;
  #beating = false;

  constructor(workers: WorkerStore, worker: string, now: () => number) {
    this.#workers = workers;
    this.#worker = worker;
    this.#now = now;
  }

  /** Runs `work` while vouching for the job. */
  async during<T>(job: Job, work: () => Promise<T>): Promise<T> {
    const key = `${job.workspace}#${job.id}`;
    this.#held.set(key, { workspace: job.workspace, id: job.id, attempt: job.attempt });
    this.#timer ??= this.#schedule(FIRST_BEAT_MS);
    try {
      return await work();
    } finally {
      this.#held.delete(key);
      if (this.#held.size === 0) await this.#rest();
    }
  }

  #schedule(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#beat(), delayMs);
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    await this.#workers.beat(this.#worker, [...this.#held.values()], this.#now() + LEASE_MS).catch(() => undefined);
    if (this.#held.size > 0) this.#timer = this.#schedule(BEAT_EVERY_MS);
  }

  async #rest(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#beating) return;
    this.#beating = false;
    await this.#workers.gone(this.#worker).catch(() => undefined);
  }
}
