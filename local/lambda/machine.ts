import { availableParallelism } from 'node:os';

/** An environment that may be ended to make room. */
export type Evictable = { idleSince: number; evict: () => void };

/**
 * What all functions share: how many environments may exist, and how many may start at once (a start is all CPU, so
 * more at once only delays each other).
 */
export class Machine {
  readonly #maxEnvironments: number;
  readonly #maxStarting = Math.max(2, availableParallelism());
  readonly #pools = new Set<{ oldestIdle(): Evictable | undefined; match(): void }>();
  #environments = 0;
  #starting = 0;
  #refused = false;

  constructor(maxEnvironments: number) {
    this.#maxEnvironments = maxEnvironments;
  }

  join(pool: { oldestIdle(): Evictable | undefined; match(): void }): void {
    this.#pools.add(pool);
  }

  /** True: go ahead and start one. False: `match` is called again when there may be room. */
  admit(): boolean {
    if (this.#starting >= this.#maxStarting) return false;
    if (this.#environments >= this.#maxEnvironments) {
      this.#refused = true;
      this.#evictOldest();
      return false;
    }
    this.#environments += 1;
    this.#starting += 1;
    return true;
  }

  /** A start has ended, well or not. */
  started(): void {
    this.#starting -= 1;
    this.#matchAll();
  }

  /** An environment became idle: it may be ended for a pool that was refused. */
  freed(): void {
    if (!this.#refused) return;
    this.#refused = false;
    this.#matchAll();
  }

  gone(): void {
    this.#environments -= 1;
    this.#matchAll();
  }

  #matchAll(): void {
    for (const pool of this.#pools) pool.match();
  }

  #evictOldest(): void {
    const idle = [...this.#pools].flatMap((pool) => pool.oldestIdle() ?? []);
    idle.sort((left, right) => left.idleSince - right.idleSince);
    idle[0]?.evict();
  }
}
