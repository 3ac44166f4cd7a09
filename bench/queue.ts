import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Client, completed, wallClock } from './client.ts';
import { BenchCloud, withCloud, withHome } from './cloud.ts';
import { NOOP } from './interpreter.ts';
import { atMost, ms, type Report, type Row } from './report.ts';
import { median, percentile } from './statistics.ts';

const SAMPLES = 200;
const WARM_UP = 10;
const PACE_MS = 120;
const BACKLOG = 40;
const BACKLOG_WITHIN_MS = 60_000;

/** The script tells when its first statement ran and how much processor time its process had used by then, in seconds. */
const PROBE = 'import time\nWALL, USED = time.time(), time.process_time()\n\ndef main():\n    return [WALL, USED]\n';
const Probe = z.tuple([z.number(), z.number()]);

type Sample = { toProcess: number; toScript: number };

/**
 * The process started no later than its processor time before the script's first statement: where the processor was
 * shared, this says too late rather than too early.
 */
const sampleOf = (acceptedAt: number, result: unknown): Sample => {
  const [wall, used] = Probe.parse(result);
  return { toProcess: (wall - used) * 1000 - acceptedAt, toScript: wall * 1000 - acceptedAt };
};

const send = async (client: Client, count: number): Promise<{ id: string; acceptedAt: number }[]> => {
  const accepted: { id: string; acceptedAt: number }[] = [];
  for (let run = 0; run < count; run += 1) {
    const next = pause(PACE_MS);
    accepted.push(await client.queue('bench', 'f/bench/probe'));
    await next;
  }
  return accepted;
};

/** The cold starts of the first jobs hold up those that come meanwhile: samples count once all warm-up jobs are done. */
const paced = async (client: Client): Promise<Sample[]> => {
  await client.deploy('bench', { path: 'f/bench/probe', language: 'python3', content: PROBE });
  for (const { id } of await send(client, WARM_UP)) await completed(client, 'bench', id);
  const samples: Sample[] = [];
  for (const { id, acceptedAt } of await send(client, SAMPLES)) {
    samples.push(sampleOf(acceptedAt, (await completed(client, 'bench', id)).result));
  }
  return samples;
};

/** Jobs accepted while nothing may run them, by a cloud that is then stopped: the next one has to find them. */
const backlog = (): Promise<Row> =>
  withHome(async (home) => {
    const before = await BenchCloud.start(home, 0);
    const ids: string[] = [];
    try {
      await before.client.makeWorkspace('bench');
      await before.client.deploy('bench', { path: 'f/bench/noop', language: 'python3', content: NOOP.python3 });
      for (let job = 0; job < BACKLOG; job += 1) ids.push((await before.client.queue('bench', 'f/bench/noop')).id);
    } finally {
      await before.stop();
    }
    const cloud = await BenchCloud.start(home);
    try {
      const from = wallClock();
      const jobs = await Promise.all(ids.map((id) => completed(cloud.client, 'bench', id, BACKLOG_WITHIN_MS)));
      const seconds = (Math.max(...jobs.map((job) => job.completedAt)) - from) / 1000;
      return {
        what: `backlog of ${BACKLOG} jobs, workers started afterwards`,
        measured: `all completed ${seconds.toFixed(1)} s after the start`,
        target: 'drains',
        ok: jobs.every((job) => job.success),
      };
    } finally {
      await cloud.stop();
    }
  });

/** From the 201 of a webhook to the start of the job's process, on an idle warm system; and a backlog drains. */
export const queue = async (): Promise<Report> => {
  const samples = await withCloud(({ client }) => paced(client));
  const toProcess = samples.map((sample) => sample.toProcess);
  const toScript = samples.map((sample) => sample.toScript);
  return {
    title: `queue: accepted webhook to process start, ${SAMPLES} samples ${PACE_MS} ms apart`,
    rows: [
      atMost('p50', median(toProcess), 15, ms),
      atMost('p99', percentile(toProcess, 0.99), 60, ms),
      { what: 'to the first statement of the script: p50', measured: ms(median(toScript)) },
      { what: 'to the first statement of the script: p99', measured: ms(percentile(toScript, 0.99)) },
      await backlog(),
    ],
  };
};
