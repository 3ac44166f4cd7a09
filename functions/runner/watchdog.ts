import { spawn } from 'node:child_process';
import { spare } from './processes.ts';

/** Groups that must not outlive this process. */
export type Watchdog = { guard: (group: number) => void; release: (group: number) => void };

/** First it forbids core files to this process and so to the jobs: they would hold what the job's memory held. */
const PROGRAM =
  'prlimit --pid "$PPID" --core=0:0; trap "" INT TERM HUP; while read -r line; do groups=$line; done; for group in $groups; do kill -s KILL -- "-$group"; done';

/**
 * A small shell that kills the guarded groups when this process ends in any way, SIGKILL included: it waits for its input to
 * end. One for the life of an environment, in a session of its own; a job costs two short writes to it.
 */
export const startWatchdog = (path: string): Watchdog => {
  const groups = new Set<number>();
  const shell = spawn('sh', ['-c', PROGRAM], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: path },
    cwd: '/',
  });
  spare(shell.pid);
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  const tell = (): void => void shell.stdin.write(`${[...groups].join(' ')}\n`);
  return {
    guard: (group) => {
      groups.add(group);
      tell();
    },
    release: (group) => {
      groups.delete(group);
      tell();
    },
  };
};
