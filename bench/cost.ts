import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from './client.ts';
import { type BenchCloud, withCloud } from './cloud.ts';
import { NOOP } from './interpreter.ts';
import { type MeterReading, operationsOf } from './meter-reading.ts';
import { atMost, plain, type Report, type Row } from './report.ts';

const JOBS = 50;
const PACE_MS = 150;
/** Time enough for the first jobs to be over. */
const COLD_START_MS = 4000;
const LIMITS = { writeUnits: 8, readUnits: 3, calls: 12 };

const SCRIPT = {
  path: 'f/bench/small',
  language: 'python3',
  content: `import sys\n${NOOP.python3.replace('pass', 'print("one line"); return {"a": 1}')}`,
};

type Cost = { writeUnits: number; readUnits: number; calls: number; list: string };

/** Sums what `words` did over all jobs. A poll counts where it brought the message: empty ones are the idle bill. */
const costOf = (reading: MeterReading, words: readonly string[], messages: number): Cost => {
  const operations = operationsOf(reading, words).map(({ who, operation, usage }) => ({
    name: `${who} ${operation}`,
    calls: operation === 'sqs:ReceiveMessage' ? Math.min(usage.calls, messages) : usage.calls,
    usage,
  }));
  const per = (pick: (one: (typeof operations)[number]) => number): number =>
    operations.reduce((sum, one) => sum + pick(one), 0) / JOBS;
  return {
    writeUnits: per(({ usage }) => usage.writeUnits),
    readUnits: per(({ usage }) => usage.readUnits),
    calls: per(({ calls }) => calls),
    list: operations.map(({ name, calls }) => `${name} ${plain(calls / JOBS)}`).join(', '),
  };
};

const rowsOf = (kind: string, cost: Cost): Row[] => [
  atMost(`${kind}: write units a job`, cost.writeUnits, LIMITS.writeUnits, (value) => value.toFixed(2)),
  atMost(`${kind}: read units a job`, cost.readUnits, LIMITS.readUnits, (value) => value.toFixed(2)),
  atMost(`${kind}: AWS calls a job`, cost.calls, LIMITS.calls, (value) => value.toFixed(2)),
];

/** Nothing asks how the jobs are doing while they are counted: the pace leaves each one time to end. */
const metered = async (cloud: BenchCloud, run: (client: Client) => Promise<unknown>): Promise<MeterReading> => {
  for (let job = 0; job < 3; job += 1) await run(cloud.client);
  await pause(COLD_START_MS);
  await cloud.resetMeter();
  for (let job = 0; job < JOBS; job += 1) await Promise.all([run(cloud.client), pause(PACE_MS)]);
  await pause(1000);
  return cloud.meter();
};

/** What one small script job costs from request to completed, by the gateway's meter: real capacity, real calls. */
export const cost = (): Promise<Report> =>
  withCloud(async (cloud) => {
    await cloud.client.deploy('bench', SCRIPT);
    const queued = await metered(cloud, (client) => client.queue('bench', SCRIPT.path));
    const synced = await metered(cloud, (client) => client.runNow('bench', SCRIPT.path));
    const queuedCost = costOf(queued, ['webhook', 'dispatch', 'runner', 'frames', 'event-sources'], JOBS);
    const syncedCost = costOf(synced, ['wait', 'runner', 'frames'], 0);
    return {
      title: `cost: one small script job with a line of log, average of ${JOBS}, one after the other`,
      rows: [...rowsOf('queued', queuedCost), ...rowsOf('synchronous', syncedCost)],
      notes: [`queued, calls a job: ${queuedCost.list}`, `synchronous, calls a job: ${syncedCost.list}`],
    };
  });
