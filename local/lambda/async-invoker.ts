import { Clock } from '../clock.ts';
import { AwsError } from '../services/aws-error.ts';
import { type InvokeResponse, type Invoker, wholeBody } from './invoke-response.ts';

const DEFAULT_RETRY_MS = [60_000, 120_000];
const THROTTLE_FIRST_MS = 100;
const THROTTLE_MAX_MS = 30_000;
/** Nothing reads the answer of an asynchronous invocation. */
const KEEP_NOTHING = Number.MAX_SAFE_INTEGER;

/** Lambda's asynchronous side: events are kept in memory, tried three times in all, and dropped with a word after that. */
export class AsyncInvoker {
  readonly #invoker: Invoker;
  readonly #retryMs: number[];
  readonly #report: (line: string) => void;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #pending = new Set<Promise<void>>();

  constructor(
    invoker: Invoker,
    retryMs: number[] | undefined,
    report: (line: string) => void,
    clock: Clock = new Clock(),
  ) {
    this.#invoker = invoker;
    this.#clock = clock;
    this.#retryMs = retryMs ?? DEFAULT_RETRY_MS;
    this.#report = report;
  }

  /** Accepts the event; never rejects afterwards. */
  accept(functionName: string, payload: Buffer, options?: { tenantId?: string }): void {
    const work = this.#deliver(functionName, payload, options)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#report(`event for ${functionName} dropped: ${String(error)}`);
      })
      .finally(() => this.#pending.delete(work));
    this.#pending.add(work);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#pending);
  }

  async #deliver(name: string, payload: Buffer, options?: { tenantId?: string }): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#invokeUnthrottled(name, payload, options);
      const { failure } = await wholeBody(response, KEEP_NOTHING);
      if (failure === undefined) return;
      const retryMs = this.#retryMs[attempt];
      if (retryMs === undefined) throw new Error(`${failure.errorType} after ${attempt + 1} tries`);
      await this.#pause(retryMs);
    }
  }

  /** A throttled event waits and is not counted as a try. */
  async #invokeUnthrottled(name: string, payload: Buffer, options?: { tenantId?: string }): Promise<InvokeResponse> {
    for (let waitMs = THROTTLE_FIRST_MS; ; waitMs = Math.min(waitMs * 2, THROTTLE_MAX_MS)) {
      try {
        return await this.#invoker.invoke(name, payload, options);
      } catch (error) {
        if (!(error instanceof AwsError) || error.status !== 429) throw error;
        await this.#pause(waitMs);
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#stop.signal);
    this.#stop.signal.throwIfAborted();
  }
}
