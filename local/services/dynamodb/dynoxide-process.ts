import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HiddenAgent, HiddenServer } from './hidden-server.ts';
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

const letsIn = (server: HiddenServer): Promise<boolean> =>
  server.connect().then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** In a network of its own any port is free. */
const HIDDEN_PORT = 8000;
const OWN_NETWORK = join(import.meta.dirname, 'own-network.py');

/** dynoxide, a DynamoDB on SQLite, as a child process on one folder. It lets in whoever can connect. */
export class DynoxideProcess {
  readonly port: number;
  /** Its SQLite file, where what it does not do itself can be done beside it. */
  readonly databaseFile: string;
  /** The way to a hidden one; undefined: it is reached by its port, by everybody on this machine. */
  readonly agent: Agent | undefined;
  readonly #child: ChildProcess;
  readonly #pidFile: string;

  private constructor(
    child: ChildProcess,
    port: number,
    folder: { pidFile: string; databaseFile: string },
    agent: Agent | undefined,
  ) {
    this.#child = child;
    this.port = port;
    this.agent = agent;
    this.#pidFile = folder.pidFile;
    this.databaseFile = folder.databaseFile;
  }

  /** Resolves once it answers. Its messages go to `dynoxide.log` in the folder. `hideWith`: see own-network.py. */
  static async start(folder: string, hideWith?: string): Promise<DynoxideProcess> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const databaseFile = join(folder, 'dynamodb.db');
    const pidFile = join(folder, 'dynoxide.pid');
    await endStale(pidFile, databaseFile);
    const port = hideWith === undefined ? await freePort() : HIDDEN_PORT;
    const log = openSync(join(folder, 'dynoxide.log'), 'a');
    const program = [installedBinary(), 'serve', '--port', String(port), '--db-path', databaseFile];
    const [file = '', ...argv] =
      hideWith === undefined ? program : [hideWith, '-I', '-S', '-B', OWN_NETWORK, String(port), ...program];
    const child = spawn(file, argv, {
      stdio: ['ignore', log, log, ...(hideWith === undefined ? [] : ['ipc' as const])],
    });
    writeFileSync(pidFile, String(child.pid));
    const server = hideWith === undefined ? undefined : new HiddenServer(child);
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await (server === undefined ? answers(port) : letsIn(server)))) {
      if (ended(child) || performance.now() > deadline)
        throw new Error(`the local DynamoDB did not start: see ${folder}/dynoxide.log`);
      await wait(PAUSE_MS);
    }
    indexStreamRecords(databaseFile);
    return new DynoxideProcess(child, port, { pidFile, databaseFile }, server && new HiddenAgent(server));
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
