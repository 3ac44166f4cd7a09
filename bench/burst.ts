import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Client, type Completed, completed, wallClock } from './client.ts';
import { type BenchCloud, withCloud } from './cloud.ts';
import { type BareJob, bareJobs, NOOP, spawnLoop } from './interpreter.ts';
import { invocationsOf } from './meter-reading.ts';
import { familyMemory } from './processes.ts';
import { atLeast, atMost, mebibytes, ms, perSecond, type Report, type Row, times } from './report.ts';
import { median, percentile } from './statistics.ts';

const WORKERS = 4;
const BARE_RUNS = 200;
/** Of a large burst so many jobs, evenly spread, are read one by one. */
const SAMPLE = 1000;
const LOOK_MS = 500;
const WITHIN_MS = 15 * 60_000;
const SCRIPT = 'f/bench/noop';

type Burst = {
  jobs: number;
  queueingMs: number;
  /** From the first request to the end of the last job. */
  rate: number;
  claimToEndP99: number;
  waitP50: number;
  peakBytes: number;
};

/** At most so many in one request: it must answer within the HTTP API's 30 s. */
const BATCH = 1000;

const queueAll = async (client: Client, jobs: number): Promise<string[]> => {
  const ids: string[] = [];
  while (ids.length < jobs) {
    const path = `/w/bench/jobs/add_batch_jobs/${Math.min(BATCH, jobs - ids.length)}`;
    const { text } = await client.expect(201, 'POST', path, { kind: 'script', path: SCRIPT });
    ids.push(...z.array(z.string()).parse(JSON.parse(text)));
  }
  return ids;
};

const Count = z.object({ database_length: z.number() });

/** Until every job ran and the queue is empty; the most memory that was seen meanwhile. Looking must not cost the jobs. */
const drained = async (cloud: BenchCloud, jobs: number): Promise<number> => {
  const deadline = performance.now() + WITHIN_MS;
  for (let peak = 0; ; ) {
    peak = Math.max(peak, familyMemory(cloud.pid).bytes);
    const ran = invocationsOf(await cloud.meter(), 'dispatch');
    if (ran >= jobs) {
      const left = await cloud.client.json(Count, 'GET', '/w/bench/jobs/queue/count');
      if (left.database_length === 0) return peak;
    }
    if (performance.now() > deadline) throw new Error(`only ${ran} of ${jobs} jobs ran within ${WITHIN_MS} ms`);
    await pause(LOOK_MS);
  }
};

const readJobs = async (client: Client, ids: string[]): Promise<Completed[]> => {
  const every = Math.max(1, Math.floor(ids.length / SAMPLE));
  const wanted = ids.filter((_, index) => index % every === 0 || index >= ids.length - 2 * WORKERS);
  const jobs: Completed[] = [];
  for (const id of wanted) jobs.push(await completed(client, 'bench', id));
  const failed = jobs.filter((job) => !job.success).length;
  if (failed > 0) throw new Error(`${failed} of ${jobs.length} jobs failed`);
  return jobs;
};

const burstOf = async (cloud: BenchCloud, jobs: number): Promise<Burst> => {
  await cloud.resetMeter();
  const from = wallClock();
  const ids = await queueAll(cloud.client, jobs);
  const queueingMs = wallClock() - from;
  const peakBytes = await drained(cloud, jobs);
  const read = await readJobs(cloud.client, ids);
  return {
    jobs,
    queueingMs,
    rate: (jobs * 1000) / (Math.max(...read.map((job) => job.completedAt)) - from),
    claimToEndP99: percentile(
      read.map((job) => job.completedAt - job.startedAt),
      0.99,
    ),
    waitP50: median(read.map((job) => job.startedAt - from)),
    peakBytes,
  };
};

const rowsOf = (burst: Burst & { loop: number }): Row[] => [
  { what: `${burst.jobs} jobs: bare spawn loop, ${WORKERS} at once`, measured: perSecond(burst.loop) },
  { what: `${burst.jobs} jobs: rate, first request to last end`, measured: perSecond(burst.rate) },
  { what: `${burst.jobs} jobs: time to queue them`, measured: ms(burst.queueingMs) },
  { what: `${burst.jobs} jobs: wait in the queue, median`, measured: ms(burst.waitP50) },
  { what: `${burst.jobs} jobs: claim to completed, p99`, measured: ms(burst.claimToEndP99) },
  { what: `${burst.jobs} jobs: most memory, whole local cloud`, measured: mebibytes(burst.peakBytes) },
];

const growthRows = (small: Burst & { loop: number }, large: Burst & { loop: number }): Row[] => {
  const name = `${small.jobs} -> ${large.jobs} jobs`;
  const growth = large.rate / large.loop / (small.rate / small.loop);
  return [
    atLeast(`${name}: jobs/s, each against the bare loop then`, growth, 1 / 1.3, times),
    atMost(`${name}: claim to completed, p99`, large.claimToEndP99 / small.claimToEndP99, 1.3, times),
    atMost(`${name}: memory`, large.peakBytes / small.peakBytes, 1.3, times),
  ];
};

/** The bare loop runs before and after: what the machine gives changes. */
const besideLoop = async (bare: BareJob, cloud: BenchCloud, jobs: number): Promise<Burst & { loop: number }> => {
  const before = await spawnLoop(bare, BARE_RUNS, WORKERS);
  const burst = await burstOf(cloud, jobs);
  return { ...burst, loop: (before + (await spawnLoop(bare, BARE_RUNS, WORKERS))) / 2 };
};

const measured = async (bare: BareJob, cloud: BenchCloud, large: boolean): Promise<Row[]> => {
  await cloud.client.deploy('bench', { path: SCRIPT, language: 'python3', content: NOOP.python3 });
  await cloud.resetMeter();
  for (let run = 0; run < 2 * WORKERS; run += 1) await cloud.client.queue('bench', SCRIPT);
  await drained(cloud, 2 * WORKERS);
  const thousand = await besideLoop(bare, cloud, 1000);
  const rows = [
    ...rowsOf(thousand),
    atLeast('1000 jobs: rate against the bare loop', thousand.rate / thousand.loop, 0.4, times),
  ];
  if (!large) return rows;
  const most = await besideLoop(bare, cloud, 10_000);
  return [...rows, ...rowsOf(most), ...growthRows(thousand, most)];
};

/** Many no-op Python jobs queued at once, 4 workers, against the bare spawn loop at the same concurrency. */
export const burst = async (large: boolean): Promise<Report> => {
  const { python3 } = await bareJobs();
  return withCloud(async (cloud) => ({
    title: `burst: no-op Python jobs queued at once, ${WORKERS} workers`,
    rows: await measured(python3, cloud, large),
    notes: [`python3 is ${python3.file}`],
  }));
};
