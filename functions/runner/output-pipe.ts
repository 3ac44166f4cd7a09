import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * One end to read and one to write, the latter meant to be both stdout and stderr of a process: one open file, so order
 * is kept. A real pipe (Node's own are sockets, on which `echo x > /dev/stderr` fails).
 */
export type OutputPipe = {
  /** The pipe's name, for a process that opens the write end by itself; gone after `closeWriter`. */
  path: string;
  reader: Socket;
  writeFd: number;
  /** Takes the name away, so that nobody can open the pipe any more. */
  forget: () => void;
  /** To be called when the process has its end: without it the reader never sees the end of the output. */
  closeWriter: () => void;
};

const run = promisify(execFile);
const AHEAD = 32;

/** Makes pipes under `root`. Node cannot make one, so `mkfifo` is run once for many of them. */
export const pipeMaker = (root: string, path: string): (() => Promise<OutputPipe>) => {
  let ready: string[] = [];
  let made = 0;
  const more = async (): Promise<void> => {
    const names = Array.from({ length: AHEAD }, (_, index) => join(root, `pipe-${made + index}`));
    made += AHEAD;
    await run('mkfifo', ['-m', '600', ...names], { env: { PATH: path } });
    ready = [...names, ...ready];
  };
  return async () => {
    if (ready.length === 0) await more();
    const name = ready.pop();
    if (name === undefined) throw new Error('no pipe could be made');
    return openPipe(name);
  };
};

const openPipe = (path: string): OutputPipe => {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  let open = true;
  const forget = (): void => rmSync(path, { force: true });
  const closeWriter = (): void => {
    if (!open) return;
    open = false;
    closeSync(writeFd);
    forget();
  };
  return { path, reader: new Socket({ fd: readFd, readable: true, writable: false }), writeFd, forget, closeWriter };
};
