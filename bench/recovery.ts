import { setTimeout as pause } from 'node:timers/promises';
import { type Client, completed, wallClock } from './client.ts';
import { type BenchCloud, withCloud } from './cloud.ts';
import { NOOP } from './interpreter.ts';
import { atMost, type Report, type Row } from './report.ts';
import { median } from './statistics.ts';

const SAMPLES = 5;
const LIMIT_S = 15;
const WITHIN_MS = 120_000;
/** Longer than a beat, so that the worker has vouched for the job when it is killed. */
const LONG = 'import time\n\ndef main():\n    time.sleep(5)\n';

const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** From the death of the worker, told by the fault that killed it, to the start of the run that completed the job. */
const recoveryOf = async (cloud: BenchCloud, path: string, fault: object): Promise<number> => {
  const { client } = cloud;
  await cloud.addFault(fault);
  const { id } = await client.queue('bench', path);
  const killed = await killedAt(cloud);
  const job = await completed(client, 'bench', id, WITHIN_MS);
  if (!job.success) throw new Error(`job ${id} failed`);
  await cloud.clearFaults();
  return (job.startedAt - killed) / 1000;
};

/** The gateway's meter counts the call that died as an error of its function. */
const killedAt = async (cloud: BenchCloud): Promise<number> => {
  await cloud.resetMeter();
  for (;;) {
    const { functions } = await cloud.meter();
    const dispatch = Object.entries(functions).filter(([name]) => name.endsWith('dispatch'));
    const errors = dispatch.flatMap(([, usage]) => Object.values(usage)).reduce((sum, one) => sum + one.errors, 0);
    if (errors > 0) return wallClock();
    await pause(20);
  }
};

const rows = (what: string, found: number[]): Row[] => [
  { what: `${what}: median of ${SAMPLES}`, measured: seconds(median(found)) },
  atMost(`${what}: slowest`, Math.max(...found), LIMIT_S, seconds),
];

const sample = async (cloud: BenchCloud, path: string, fault: object): Promise<number[]> => {
  const found: number[] = [];
  for (let run = 0; run < SAMPLES; run += 1) found.push(await recoveryOf(cloud, path, fault));
  return found;
};

const prepare = async (client: Client): Promise<void> => {
  await client.deploy('bench', { path: 'f/bench/noop', language: 'python3', content: NOOP.python3 });
  await client.deploy('bench', { path: 'f/bench/long', language: 'python3', content: LONG });
  await completed(client, 'bench', (await client.queue('bench', 'f/bench/noop')).id);
};

/** SIGKILL to the worker of a job, with the rates of the template: how long until another one runs it. */
export const recovery = (): Promise<Report> =>
  withCloud(async (cloud) => {
    await prepare(cloud.client);
    const kill = { function: 'dispatch', nth: 1, action: { kind: 'kill-before' } };
    const early = await sample(cloud, 'f/bench/noop', { ...kill, service: 'lambda' });
    const late = await sample(cloud, 'f/bench/long', { ...kill, service: 'dynamodb', operation: 'PutItem', nth: 2 });
    return {
      title: 'recovery: from SIGKILL of a worker to the next start of its job',
      rows: [...rows('before its first beat', early), ...rows('after a beat', late)],
    };
  });
