import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunnerRequest } from '../../shared/model/runner.ts';
import { CONTROL_TIMES } from './control-poll.ts';
import { createEnvironment } from './environment.ts';
import { frameSink, type ResponseStream } from './frame-sink.ts';
import { preparedLaunch } from './prepared-launch.ts';
import { ownAllProcesses } from './processes.ts';
import { runJob } from './run-job.ts';
import { spawnLaunch } from './spawn-launch.ts';

declare const awslambda: {
  streamifyResponse: (
    handle: (event: unknown, response: ResponseStream) => Promise<void>,
  ) => (event: unknown, response: ResponseStream) => Promise<void>;
};

// biome-ignore lint/style/noProcessEnv: the composition root
const path = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
// biome-ignore lint/style/noProcessEnv: as above
if (process.env.MILLRACE_ALONE === '1') ownAllProcesses();
const wrappers = join(import.meta.dirname, 'wrappers');
const environment = createEnvironment({ path, tmp: tmpdir(), wrappers, node: process.execPath });
const python = preparedLaunch(spawnLaunch, { path, wrappers });
process.once('exit', () => {
  python.close();
  environment.close();
});

/** Lambda entry of the runner: one RunnerRequest in, NDJSON frames out. */
export const handler = awslambda.streamifyResponse(async (event, response) => {
  const sink = frameSink(response);
  await runJob(RunnerRequest.parse(event), {
    emit: sink.emit,
    now: Date.now,
    environment,
    launch: python.launch,
    control: CONTROL_TIMES,
  });
  await sink.end();
});
