import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { TaskWork } from '../../shared/model/frame-batch.ts';
import { CONTROL_TIMES, pollControl } from './control-poll.ts';
import { createEnvironment } from './environment.ts';
import { FramePoster } from './frame-poster.ts';
import { type Attempt, AttemptOver, ask } from './frames-client.ts';
import { ownAllProcesses } from './processes.ts';
import { runJob } from './run-job.ts';
import { spawnLaunch } from './spawn-launch.ts';
import { launchAs, letThrough, taskUser } from './task-user.ts';

/*
 * Task entry of the runner: one attempt at one job, then the process ends. What it is to run it fetches with the token of
 * its environment; what it says it posts.
 */

/** Until the order must have come: what it takes for the attempt to be this task's is a moment. */
const ORDER_WITHIN_MS = 60_000;

const Told = z.object({ MILLRACE_ATTEMPT_URL: z.url(), MILLRACE_FRAMES_TOKEN: z.string().min(1) });

/**
 * A process cannot take back what its environment once held: /proc goes on showing it. So the token goes through a file
 * that is gone before user code starts, and the process begins anew without it.
 */
const beginAnew = (): never => {
  // biome-ignore lint/style/noProcessEnv: the composition root
  const { MILLRACE_ATTEMPT_URL, MILLRACE_FRAMES_TOKEN, ...env } = process.env;
  const told = Told.parse({ MILLRACE_ATTEMPT_URL, MILLRACE_FRAMES_TOKEN });
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-told-')), 'attempt');
  writeFileSync(file, JSON.stringify(told), { mode: 0o600 });
  const argv = [process.execPath, '--disable-warning=ExperimentalWarning', ...process.execArgv];
  process.execve?.(process.execPath, [...argv, process.argv[1] ?? '', file], defined(env));
  throw new Error('this Node cannot replace its process');
};

const defined = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const readAttempt = (file: string): Attempt => {
  const told = Told.parse(JSON.parse(readFileSync(file, 'utf8')));
  rmSync(join(file, '..'), { recursive: true, force: true });
  return { url: told.MILLRACE_ATTEMPT_URL, token: told.MILLRACE_FRAMES_TOKEN };
};

const run = async (attempt: Attempt): Promise<void> => {
  const order = await ask(attempt, 'order', undefined, AbortSignal.timeout(ORDER_WITHIN_MS));
  const { request, head } = TaskWork.parse(order);
  // biome-ignore lint/style/noProcessEnv: the composition root
  const { PATH: path = '/usr/local/bin:/usr/bin:/bin', MILLRACE_ALONE, MILLRACE_JOB_USER } = process.env;
  const wrappers = join(import.meta.dirname, 'wrappers');
  if (MILLRACE_ALONE === '1') ownAllProcesses();
  const environment = createEnvironment({ path, tmp: tmpdir(), wrappers, node: process.execPath });
  const user = taskUser(MILLRACE_JOB_USER, process.getuid?.());
  if (user !== undefined) letThrough(environment.root);
  const stop = new AbortController();
  const poster = new FramePoster(attempt, head, () => stop.abort());
  const control = { url: `${attempt.url}/control`, token: attempt.token };
  // From the first moment to the last, because this is the task's sign of life.
  const endPoll = pollControl(control, { ...CONTROL_TIMES, firstMs: 1_000 }, () => stop.abort());
  const { control: _ownPoll, ...rest } = request;
  await runJob(rest, {
    emit: poster.emit,
    now: Date.now,
    environment,
    launch: user === undefined ? spawnLaunch : launchAs(user, environment.root, spawnLaunch),
    control: CONTROL_TIMES,
    stop: stop.signal,
  });
  await poster.ended;
  endPoll();
  environment.close();
};

const [, , file] = process.argv;
if (file === undefined) beginAnew();
else {
  await run(readAttempt(file)).catch((error: unknown) => {
    if (!(error instanceof AttemptOver)) throw error;
    console.log(`nothing to do: ${error.message}`);
  });
  process.exit(0);
}
