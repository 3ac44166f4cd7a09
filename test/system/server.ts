import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { Client } from './client.ts';

const MAIN = resolve(import.meta.dirname, '../../local/main.ts');
const TOKEN = 'token-of-the-test';

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const probe = createServer().once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** Millrace as `npm start` runs it: a process of its own, in a process group of its own. */
export class Server extends Client {
  readonly home: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;

  private constructor(url: string, home: string, child: ChildProcess) {
    super(url, TOKEN);
    this.home = home;
    this.#child = child;
    this.#exit = new Promise((done) => child.once('exit', (code) => done(code)));
  }

  /**
   * Resolves when it says that it is ready; rejects with its output when it ends before. Scripts may write beside its home.
   */
  static async start(home: string, workers = 4): Promise<Server> {
    const port = await freePort();
    const child = spawn(process.execPath, [MAIN], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(port),
        MILLRACE_HOME: home,
        MILLRACE_ADMIN_TOKEN: TOKEN,
        MILLRACE_SHARE: dirname(home),
        MILLRACE_WORKERS: String(workers),
      },
    });
    const server = new Server(`http://localhost:${port}`, home, child);
    await new Promise<void>((ready, fail) => {
      let output = '';
      const hear = (chunk: Buffer): void => {
        output += chunk;
        if (output.includes('Millrace is ready')) ready();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', () => fail(new Error(`Millrace ended: ${output}`)));
    });
    return server;
  }

  /** SIGKILL to the whole process group: nothing gets to say goodbye. */
  async kill(): Promise<void> {
    process.kill(-(this.#child.pid ?? 0), 'SIGKILL');
    await this.#exit;
  }

  /** Makes sure that it is over, however the test went. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
  }

  /** Ctrl-C; answers the exit code and how long the end took. */
  async interrupt(): Promise<{ code: number | null; tookMs: number }> {
    const asked = Date.now();
    process.kill(-(this.#child.pid ?? 0), 'SIGINT');
    const code = await this.#exit;
    return { code, tookMs: Date.now() - asked };
  }
}

const read = (what: () => string): string => {
  try {
    return what();
  } catch {
    return '';
  }
};

/** Living processes that have anything to do with a state folder: by working folder, environment or command line. */
const processesOf = (home: string): string[] =>
  readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    const command = read(() => readFileSync(join('/proc', pid, 'cmdline'), 'latin1')).replaceAll('\0', ' ');
    const known = [
      read(() => readlinkSync(join('/proc', pid, 'cwd'))),
      read(() => readFileSync(join('/proc', pid, 'environ'), 'latin1')),
      command,
    ];
    return known.some((text) => text.includes(home)) ? [`${pid} ${command}`] : [];
  });

/** Waits until a state folder has no processes any more; answers those that are left after `withinMs`. */
export const processesLeft = async (home: string, withinMs: number): Promise<string[]> => {
  const until = Date.now() + withinMs;
  while (processesOf(home).length > 0 && Date.now() < until) await new Promise((done) => setTimeout(done, 50));
  return processesOf(home);
};
