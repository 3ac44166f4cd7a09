import type { OutputPipe } from './output-pipe.ts';

/** A process to start: files are named relative to `cwd`. */
export type Command = {
  file: string;
  argv: string[];
  cwd: string;
  /** The whole environment of the process; nothing is inherited. */
  env: Record<string, string>;
  /** Whom the process runs as; absent: as the runner. */
  user?: { uid: number; gid: number };
  /** The run's private TMPDIR: what it left behind is known by it. */
  tmp: string;
  /** Set when a prepared Python interpreter may run the job instead: the function to call, the Python package it is in, folders of packages. */
  python?: { entrypoint: string; inside: string; packages: readonly string[] };
};

export type Ended = {
  /** Exactly one of the two, unless the way a process ended could not be learnt. */
  code: number | null;
  signal: NodeJS.Signals | null;
  memPeakKb?: number;
  /** Processes that outlived the main one and were killed. */
  leftovers: number;
};

/** A started process, leader of its own session and group. */
export type Running = { pid: number; ended: Promise<Ended> };

/** Starts a process whose stdin is empty and whose stdout and stderr are the pipe. Throws when it cannot be started. */
export type Launch = (command: Command, pipe: OutputPipe) => Promise<Running>;
