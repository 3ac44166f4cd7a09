import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Millrace } from '../system/millrace.ts';
import { type Item, LeftBehind } from './left-behind.ts';

const LOOK_MS = 20;
const QUIET_LOOKS = 3;
/** Only so that what hangs is told: nothing depends on how fast this machine is. */
const HANGS_MS = 180_000;
/** A minute and a little, so that the reaper has been called in between. */
const MINUTE_MS = 61_000;
/** Of stepped time: what is not over by then never will be. The slowest repair is the hourly look at schedules. */
const RECOVERED_WITHIN_MS = 6 * 3_600_000;
/** Looks in a row at which a `wait` may stand still before it is taken to wait for time to go on. */
const WAITS_LOOKS = 50;
const TRIES = 8;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A whole Millrace that faults are made in, and whose time is stepped until it has recovered. */
export class Rig {
  readonly millrace: Millrace;
  readonly left: LeftBehind;
  readonly #watched: string[];
  #asked = 0;

  private constructor(millrace: Millrace) {
    this.millrace = millrace;
    this.left = new LeftBehind(millrace);
    const words = ['webhook', 'api', 'deadletter', 'frames', 'dispatch', 'runner'];
    this.#watched = words.map((word) => millrace.cloud.functionNamed(word));
  }

  static async start(workers = 4): Promise<Rig> {
    const millrace = await Millrace.start({ workers });
    try {
      await millrace.workspace();
      return new Rig(millrace);
    } catch (error) {
      await millrace.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.left.close();
    await this.millrace.stop();
  }

  /** Something goes on that comes to its end without time being stepped. */
  get #works(): boolean {
    const { lambda } = this.millrace.cloud;
    return this.#asked > 0 || this.left.messages().visible > 0 || this.#watched.some((name) => lambda.load(name) > 0);
  }

  /** A `wait` either runs a job or waits for one that others run, which may need time to be stepped. */
  get #waits(): boolean {
    const { lambda, functionNamed } = this.millrace.cloud;
    return lambda.load(functionNamed('wait')) > 0;
  }

  /** Resolves when no invocation runs (the reaper's apart) and no message can be taken. */
  async quiet(): Promise<void> {
    const until = performance.now() + HANGS_MS;
    for (let looks = 0; looks < QUIET_LOOKS; await pause(LOOK_MS)) {
      looks = this.#works || this.#waits ? 0 : looks + 1;
      if (performance.now() > until) throw new Error(`it did not come to rest: ${this.left.leftovers().join('\n')}`);
    }
  }

  /** Time goes on by `ms`, and the reaper has looked once when this resolves. */
  async step(ms = MINUTE_MS): Promise<void> {
    this.millrace.cloud.clock.advance(ms);
    await this.#look();
  }

  /** A look that time is moved on under is refused by the services, and faults may strike it: then there is another. */
  async #look(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.millrace.cloud.tick('reaper');
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  /** Waits for `work`, and lets time go on for it whenever nothing happens any more. */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    for (let idle = 0; !over; await pause(LOOK_MS)) {
      idle = this.#works ? 0 : idle + 1;
      if (idle < (this.#waits ? WAITS_LOOKS : QUIET_LOOKS)) continue;
      idle = 0;
      await this.step(30_000);
    }
    return ended;
  }

  /**
   * Lets time go on, from each thing that is due to the next, until nothing is left. Answers how long that took, in stepped
   * milliseconds; gives up after hours, and then `left` tells what remains.
   */
  async recover(): Promise<number> {
    const { clock } = this.millrace.cloud;
    const from = clock.now();
    for (;;) {
      await this.quiet();
      const now = clock.now();
      if (now - from > RECOVERED_WITHIN_MS || this.left.leftovers().length === 0) return now - from;
      const next = this.left.nextEvent(now) ?? now + MINUTE_MS;
      await this.step(this.left.isOverdue(now) ? Math.min(next - now, MINUTE_MS) : next - now);
    }
  }

  /** A request as a client makes it that wants to be sure: again until it is answered, under the same key. */
  async insist(path: string, body: unknown, key?: string): Promise<{ status: number; text: string }> {
    if (path.includes('/run_wait_result/')) return this.#insist(path, body, key);
    this.#asked += 1;
    try {
      return await this.#insist(path, body, key);
    } finally {
      this.#asked -= 1;
    }
  }

  async #insist(path: string, body: unknown, key: string | undefined): Promise<{ status: number; text: string }> {
    let last = 'no answer';
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
        const response = await this.millrace.request('POST', path, body, headers);
        const text = await response.text();
        if (response.status < 500) return { status: response.status, text };
        last = `${response.status} ${text}`;
      } catch (error) {
        last = String(error);
      }
      await pause(LOOK_MS);
    }
    throw new Error(`POST ${path}: ${last}`);
  }

  /** Waits until a job is as wanted. */
  async until(id: string, wanted: (job: Item) => boolean): Promise<void> {
    const until = performance.now() + HANGS_MS;
    for (;;) {
      const job = this.left.job(id);
      if (job !== undefined && wanted(job)) return;
      if (performance.now() > until) throw new Error(`job ${id} never was as wanted: ${JSON.stringify(job)}`);
      await pause(LOOK_MS);
    }
  }

  /** A file that scripts write a line into at each run. */
  file(name: string): string {
    return join(this.millrace.shared, name);
  }

  runs(name: string): string[] {
    const file = this.file(name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }
}
