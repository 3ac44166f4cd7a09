/**
 * Work that may outlive the answer of its request. A Lambda invocation that ends freezes what still runs, so the handler
 * waits for `settled` before it lets its invocation end.
 */
export class Background {
  readonly #running = new Set<Promise<unknown>>();

  /** Keeps `work` in view until it settles. */
  keep<T>(work: Promise<T>): Promise<T> {
    const settled = work.catch(() => undefined).finally(() => this.#running.delete(settled));
    this.#running.add(settled);
    return work;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
