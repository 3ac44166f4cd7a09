/**
 * The time of one local cloud: the machine's, plus what tests advanced it by. Everything here and every function's
 * process reads it, so that a job due in three days can be seen to run without three days of waiting.
 */
export class Clock {
  #aheadMs = 0;
  readonly #listeners = new Set<(ms: number) => void>();

  /** Milliseconds since 1970. */
  readonly now = (): number => Date.now() + this.#aheadMs;

  /** How far this clock is ahead of the machine's; 0 outside tests. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  /**
   * Moves the time on and wakes whoever sleeps by this clock. An invocation that runs keeps the time it began with: its
   * process hears of the new one with its next event.
   */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new Error(`the clock only goes forward, not by ${ms} ms`);
    this.#aheadMs += ms;
    for (const listener of [...this.#listeners]) listener(ms);
  }

  /** `listener` is told by how much. Answers how to stop listening. */
  onAdvance(listener: (ms: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends once `ms` of this clock have passed, or when `signal` aborts; never rejects, and keeps no process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const until = this.now() + ms;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        forget();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms).unref();
      const forget = this.onAdvance(() => {
        if (this.now() >= until) end();
      });
      signal?.addEventListener('abort', end, { once: true });
      if (signal?.aborted === true) end();
    });
  }
}
