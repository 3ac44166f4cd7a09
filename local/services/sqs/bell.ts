/** Lets long polls of one queue sleep until something there may have changed. */
export class Bell {
  readonly #sleepers = new Set<() => void>();

  /** Wakes one sleeper, the one that has slept longest. */
  ring(): void {
    const [first] = this.#sleepers;
    first?.();
  }

  ringAll(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Ends after `ms`, at a ring, or when `signal` aborts; never rejects. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake, { once: true });
      this.#sleepers.add(wake);
      if (signal?.aborted === true) wake();
    });
  }
}
