import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { indexStreamRecords } from './stream-index.ts';

const START_TIMEOUT_MS = 10_000;
const PAUSE_MS = 5;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
};

/** The dynoxide binary of this platform's npm package. */
const installedBinary = (): string => {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    return fileURLToPath(import.meta.resolve(`${name}/dynoxide`));
  } catch (cause) {
    const hint = 'install it, or point MILLRACE_DYNAMODB_ENDPOINT at another DynamoDB';
    throw new Error(`the local DynamoDB (npm package ${name}) is not there: ${hint}`, { cause });
  }
};

/** Ends the server that a killed local cloud left behind on this very database; leaves every other process alone. */
const endStale = async (pidFile: string, databaseFile: string): Promise<void> => {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  const commandOf = (): string => {
    try {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    } catch {
      return '';
    }
  };
  if (!commandOf().includes(databaseFile)) return;
  process.kill(pid, 'SIGKILL');
  while (commandOf().includes(databaseFile)) await wait(PAUSE_MS);
};

const answers = async (port: number): Promise<boolean> => {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' });
    return true;
  } catch {
    return false;
  }
};

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** dynoxide, a DynamoDB on SQLite, as a child process on one folder. */
export class DynoxideProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #pidFile: string;

  private constructor(child: ChildProcess, port: number, pidFile: string) {
    this.#child = child;
    this.port = port;
    this.#pidFile = pidFile;
  }

  /** Resolves once it answers. Its messages go to `dynoxide.log` in the folder. */
  static async start(folder: string): Promise<DynoxideProcess> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const databaseFile = join(folder, 'dynamodb.db');
    const pidFile = join(folder, 'dynoxide.pid');
    await endStale(pidFile, databaseFile);
    const port = await freePort();
    const log = openSync(join(folder, 'dynoxide.log'), 'a');
    const child = spawn(installedBinary(), ['serve', '--port', String(port), '--db-path', databaseFile], {
      stdio: ['ignore', log, log],
    });
    writeFileSync(pidFile, String(child.pid));
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await answers(port))) {
      if (ended(child) || performance.now() > deadline)
        throw new Error(`the local DynamoDB did not start: see ${folder}/dynoxide.log`);
      await wait(PAUSE_MS);
    }
    indexStreamRecords(databaseFile);
    return new DynoxideProcess(child, port, pidFile);
  }

  /** Ends it within two seconds; what it acknowledged is on disk. */
  async stop(): Promise<void> {
    if (!ended(this.#child)) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const killer = setTimeout(() => this.#child.kill('SIGKILL'), 2000);
      await exit;
      clearTimeout(killer);
    }
    rmSync(this.#pidFile, { force: true });
  }
}
