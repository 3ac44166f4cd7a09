import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Millrace } from '../system/millrace.ts';
import { type Item, LeftBehind } from './left-behind.ts';

const LOOK_MS = 20;
const QUIET_LOOKS = 3;
const QUIET_WITHIN_MS = 60_000;
/** A minute and a little, so that the reaper has been called in between. */
const MINUTE_MS = 61_000;
/** Longer than any message is hidden. */
const LONG_MS = 20 * 60_000;
/** A dead worker is seen in the first of them; then every look of the reaper is met. */
const FIRST_STEPS_MS = [12_000, 30_000];
/** More than any recovery takes: what is still left then stays for good. */
const STEPS = 40;
const TRIES = 8;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A whole Millrace that faults are made in, and whose time is stepped until it has recovered. */
export class Rig {
  readonly millrace: Millrace;
  readonly left: LeftBehind;
  readonly #watched: string[];

  private constructor(millrace: Millrace) {
    this.millrace = millrace;
    this.left = new LeftBehind(millrace);
    const words = ['webhook', 'wait', 'api', 'deadletter', 'frames'];
    this.#watched = words.map((word) => millrace.cloud.functionNamed(word));
    for (const word of ['Dispatch', 'Runner']) this.#watched.push(millrace.cloud.functionNamed(word.toLowerCase()));
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

  get #busy(): boolean {
    const { lambda } = this.millrace.cloud;
    return this.left.messages().visible > 0 || this.#watched.some((name) => lambda.load(name) > 0);
  }

  /** Resolves when no invocation runs (the reaper's apart) and no message can be taken. */
  async quiet(): Promise<void> {
    const until = performance.now() + QUIET_WITHIN_MS;
    for (let looks = 0; looks < QUIET_LOOKS; await pause(LOOK_MS)) {
      looks = this.#busy ? 0 : looks + 1;
      if (performance.now() > until) throw new Error(`it did not come to rest: ${this.left.leftovers().join('\n')}`);
    }
  }

  /** Time goes on by `ms`, and the reaper has looked once when this resolves. */
  async step(ms = MINUTE_MS): Promise<void> {
    this.millrace.cloud.clock.advance(ms);
    await this.millrace.cloud.tick('reaper');
  }

  /** Waits for `work`, and lets time go on for it whenever nothing happens any more. */
  async during<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const ended = work.finally(() => {
      over = true;
    });
    ended.catch(() => undefined);
    for (let idle = 0; !over; await pause(LOOK_MS * 5)) {
      const { lambda, functionNamed } = this.millrace.cloud;
      const dispatching = this.left.messages().visible > 0 || lambda.load(functionNamed('dispatch')) > 0;
      idle = dispatching ? 0 : idle + 1;
      if (idle < 10 || over) continue;
      idle = 0;
      await this.step(30_000);
    }
    return ended;
  }

  /**
   * Lets time go on until every job is over and nothing is left that would come to one: by minutes while a job lives, to
   * the time when jobs are due that wait for nothing else, and by more than a message is ever hidden while only messages
   * or schedules are left.
   */
  async recover(): Promise<void> {
    for (let steps = 0; steps < STEPS; steps += 1) {
      await this.quiet();
      const living = this.left.unfinished();
      const { visible, hidden } = this.left.messages();
      if (living.length + visible + hidden + this.left.schedules().length === 0) return;
      await this.step(
        living.length > 0 ? Math.max(FIRST_STEPS_MS[steps] ?? MINUTE_MS, this.#untilDue(living)) : LONG_MS,
      );
    }
    await this.quiet();
  }

  /** How long until the first of these jobs is due; nothing when one runs, owes or was due. */
  #untilDue(jobs: Item[]): number {
    const due = jobs.map(({ status, scheduled_for }) => (status === 'queued' ? Number(scheduled_for) : 0));
    return Math.min(...due) - this.millrace.cloud.clock.now();
  }

  /** A request as a client makes it that wants to be sure: again until it is answered, under the same key. */
  async insist(path: string, body: unknown, key?: string): Promise<{ status: number; text: string }> {
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
    const until = performance.now() + QUIET_WITHIN_MS;
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
