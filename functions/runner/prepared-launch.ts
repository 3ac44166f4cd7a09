import { join } from 'node:path';
import type { Command, Ended, Launch, Running } from './launch.ts';
import type { OutputPipe } from './output-pipe.ts';
import { NotTaken, PythonServer } from './python-server.ts';

const TRIES = 3;

/** A launch that keeps something alive between jobs. */
export type PreparedLaunch = {
  launch: Launch;
  /** True when the next Python job will be forked. */
  isPrepared: () => boolean;
  close: () => void;
};

/**
 * Runs Python jobs in forks of a prepared interpreter, which costs 2-3 ms instead of a start of Python, and everything else by
 * `plain`. The first Python job is started plainly and the interpreter is prepared when it has ended. On any trouble the job
 * is started plainly; an interpreter under which a job was killed or left processes is not used again.
 */
export const preparedLaunch = (plain: Launch, options: { wrappers: string; path: string }): PreparedLaunch => {
  const program = join(options.wrappers, 'python', 'server.py');
  let server: PythonServer | undefined;
  let troubles = 0;
  const drop = (): void => {
    server?.close();
    server = undefined;
  };
  const prepare = (python: string): void => {
    if (troubles < TRIES) server ??= new PythonServer(python, program, options.path);
  };
  const forked = async (on: PythonServer, command: Command, pipe: OutputPipe): Promise<Running | undefined> => {
    const job = {
      folder: command.cwd,
      env: command.env,
      pipe: pipe.path,
      entrypoint: command.python?.entrypoint ?? 'main',
      inside: command.python?.inside ?? '',
      packages: command.python?.packages ?? [],
    };
    try {
      const running = await on.start(job, command.tmp);
      pipe.closeWriter();
      troubles = 0;
      void running.ended.then((ended) => {
        if (isSuspect(ended) && server === on) drop();
      });
      return running;
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      pipe.forget();
      return undefined;
    }
  };
  const launch: Launch = async (command, pipe) => {
    if (command.python === undefined || needsOwnStart(command.env)) return plain(command, pipe);
    const wasFree = server?.state === 'free';
    const taken = server !== undefined && wasFree ? await forked(server, command, pipe) : undefined;
    if (taken !== undefined) return taken;
    if (wasFree || server?.state === 'gone') {
      troubles += 1;
      drop();
    }
    const running = await plain(command, pipe);
    void running.ended.then(() => prepare(command.file));
    return running;
  };
  return { launch, isPrepared: () => server?.state === 'free', close: drop };
};

/** Variables that Python reads when it starts must be there when it starts. */
const needsOwnStart = (env: Command['env']): boolean =>
  env.LANG !== 'C.UTF-8' || Object.keys(env).some((name) => /^(PYTHON|LC_|LD_)/.test(name));

const isSuspect = (ended: Ended): boolean => ended.leftovers > 0 || ended.code === null;
