import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Client } from './client.ts';
import { MeterReading } from './meter-reading.ts';

const Ready = z.object({ url: z.string(), gatewayUrl: z.string(), adminToken: z.string(), adminKey: z.string() });
type Ready = z.output<typeof Ready>;

const STOP_MS = 5000;

/** A local cloud in a process of its own, so that what drives it and what it costs stay apart. */
export class BenchCloud {
  readonly client: Client;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #ready: Ready;

  private constructor(child: ChildProcess, ready: Ready) {
    this.#child = child;
    this.#ready = ready;
    this.pid = child.pid ?? 0;
    this.client = new Client(ready.url, ready.adminToken);
  }

  /** Resolves when it is ready; throws when it does not come up. `workers` bounds each event source; 0 starts nothing. */
  static async start(home: string, workers = 4): Promise<BenchCloud> {
    const child = fork(join(import.meta.dirname, 'cloud-child.ts'), [JSON.stringify({ home, workers })], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const over = once(child, 'exit').then(() => {
      throw new Error('the local cloud did not start');
    });
    const [message] = await Promise.race([once(child, 'message'), over]);
    over.catch(() => undefined);
    return new BenchCloud(child, Ready.parse(message));
  }

  /** What was billed since the last `resetMeter`. */
  async meter(): Promise<MeterReading> {
    return MeterReading.parse(await (await this.#admin('GET', 'meter')).json());
  }

  async resetMeter(): Promise<void> {
    await (await this.#admin('POST', 'meter')).text();
  }

  /** Moves the time of the local cloud on; its own is then so much ahead of this process's. */
  async advance(ms: number): Promise<void> {
    const response = await this.#admin('POST', 'clock', JSON.stringify({ advanceMs: ms }));
    if (!response.ok) throw new Error(`the clock was not moved: ${await response.text()}`);
  }

  /** Makes a fault of the gateway (local/gateway/faults.ts). */
  async addFault(fault: object): Promise<void> {
    const response = await this.#admin('POST', 'faults', JSON.stringify(fault));
    if (!response.ok) throw new Error(await response.text());
  }

  async clearFaults(): Promise<void> {
    await (await this.#admin('DELETE', 'faults')).text();
  }

  #admin(method: string, page: string, body?: string): Promise<Response> {
    const headers = { 'x-millrace-admin': this.#ready.adminKey };
    const sent = body === undefined ? {} : { body };
    return fetch(`${this.#ready.gatewayUrl}/_millrace/${page}`, { method, headers, ...sent });
  }

  async stop(): Promise<void> {
    this.client.close();
    const gone = once(this.#child, 'exit');
    this.#child.send('stop');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }
}

/** Gives `body` an empty state folder, and removes it afterwards. */
export const withHome = async <T>(body: (home: string) => Promise<T>): Promise<T> => {
  const home = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    return await body(home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** Gives `body` a fresh local cloud with the workspace `bench`, and ends it whatever happens. */
export const withCloud = <T>(body: (cloud: BenchCloud) => Promise<T>): Promise<T> =>
  withHome(async (home) => {
    const cloud = await BenchCloud.start(home);
    try {
      await cloud.client.makeWorkspace('bench');
      return await body(cloud);
    } finally {
      await cloud.stop();
    }
  });
