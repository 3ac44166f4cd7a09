import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Ended, Running } from './launch.ts';
import { isRunning, killLeftovers, spare } from './processes.ts';

/** What a prepared interpreter is told about a job. */
export type PreparedJob = {
  folder: string;
  env: Record<string, string>;
  pipe: string;
  entrypoint: string;
  inside: string;
  packages: readonly string[];
};

/** The prepared interpreter did not take the job: nothing of it has run. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
}

const TAKEN_WITHIN_MS = 1000;
const DEATH_LOOKS_MS = 20;

/** One prepared Python interpreter (wrappers/python/server.py) and the lines it says. It dies with this process. */
export class PythonServer {
  readonly #child: ChildProcess;
  #state: 'starting' | 'free' | 'busy' | 'gone' = 'starting';
  #onLine: (line: string) => void = () => undefined;
  readonly #gone: Promise<void>;

  constructor(python: string, program: string, path: string) {
    const child = spawn(python, ['-u', '-B', program], {
      detached: true,
      cwd: '/',
      env: { PATH: path, LANG: 'C.UTF-8', TZ: 'UTC' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    spare(child.pid);
    const gone = Promise.withResolvers<void>();
    child.once('error', () => gone.resolve());
    child.once('exit', () => gone.resolve());
    this.#gone = gone.promise;
    void this.#gone.then(() => this.close());
    child.stdin?.on('error', () => this.close());
    child.unref();
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      if (line === 'ready' && this.#state === 'starting') this.#state = 'free';
      else this.#onLine(line);
    });
  }

  /** `gone` is for ever. */
  get state(): 'starting' | 'free' | 'busy' | 'gone' {
    return this.#state;
  }

  /** Starts a job, or throws NotTaken when it is not known to have started. */
  async start(job: PreparedJob, tmp: string): Promise<Running> {
    this.#state = 'busy';
    const started = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<Ended>();
    let over = false;
    this.#onLine = (line) => {
      const [word, ...numbers] = line.split(' ');
      if (word === 'started') started.resolve(Number(numbers[0]));
      if (word !== 'ended') return;
      if (this.#state === 'busy') this.#state = 'free';
      over = true;
      started.reject(new NotTaken('the job ended before it started'));
      ended.resolve(endedOf(numbers.map(Number)));
    };
    const late = setTimeout(() => started.reject(new NotTaken('no answer')), TAKEN_WITHIN_MS);
    void this.#gone.then(() => started.reject(new NotTaken('it is dead')));
    this.#child.stdin?.write(`${JSON.stringify(job)}\n`);
    const pid = await started.promise.finally(() => clearTimeout(late));
    void this.#gone.then(async () => {
      if (!over) ended.resolve(await endWithoutServer(pid, tmp));
    });
    return { pid, ended: ended.promise };
  }

  /** Kills it; a job it runs goes on and its end is still noticed. */
  close(): void {
    this.#state = 'gone';
    this.#child.stdout?.destroy();
    this.#child.kill('SIGKILL');
  }
}

const endedOf = ([code = -1, signal = 0, memPeakKb = 0, leftovers = 0]: number[]): Ended => ({
  code: signal === 0 ? code : null,
  signal: signal === 0 ? null : nameOf(signal),
  memPeakKb,
  leftovers,
});

const nameOf = (number: number): NodeJS.Signals => {
  for (const name of SIGNALS) if (constants.signals[name] === number) return name;
  return 'SIGKILL';
};

const isSignal = (name: string): name is NodeJS.Signals => name in constants.signals;
const SIGNALS = Object.keys(constants.signals).filter(isSignal);

/** The server died under a job: how the job ends cannot be learnt any more, only when. */
const endWithoutServer = async (pid: number, tmp: string): Promise<Ended> => {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, DEATH_LOOKS_MS));
  return { code: null, signal: null, leftovers: killLeftovers(pid, tmp) };
};
