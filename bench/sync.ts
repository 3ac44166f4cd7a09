import type { Client } from './client.ts';
import { withCloud } from './cloud.ts';
import { type BareJob, bareJobs, NOOP, spawnOnce } from './interpreter.ts';
import { atMost, ms, type Report, type Row, times } from './report.ts';
import { median, percentile } from './statistics.ts';

const RUNS = 60;
const WARM_UP = 8;

type Pairs = { bare: number[]; job: number[] };

/** One bare spawn and one synchronous job in turn, so that what else the machine does meets both alike. */
const measure = async (client: Client, bare: BareJob): Promise<Pairs> => {
  const path = `f/bench/noop_${bare.name}`;
  await client.deploy('bench', { path, language: bare.name, content: NOOP[bare.name] });
  const pairs: Pairs = { bare: [], job: [] };
  for (let run = -WARM_UP; run < RUNS; run += 1) {
    const spawned = await spawnOnce(bare);
    const from = performance.now();
    await client.runNow('bench', path);
    const ran = performance.now() - from;
    if (run < 0) continue;
    pairs.bare.push(spawned);
    pairs.job.push(ran);
  }
  return pairs;
};

const shown = ({ bare, job }: Pairs): string =>
  `${ms(median(job))} (p99 ${ms(percentile(job, 0.99))}) against ${ms(median(bare))}`;

const python = (pairs: Pairs): Row[] => [
  { what: 'python3: median, against the bare spawn', measured: shown(pairs) },
  atMost('python3: ratio of medians', median(pairs.job) / median(pairs.bare), 3, times),
  atMost('python3: above the bare spawn', median(pairs.job) - median(pairs.bare), 25, ms),
];

const bash = (pairs: Pairs): Row[] => [
  { what: 'bash: median, against the bare spawn', measured: shown(pairs) },
  { what: 'bash: above the bare spawn', measured: ms(median(pairs.job) - median(pairs.bare)) },
];

/** `run_wait_result` of a deployed no-op, warm, against a bare spawn of the very interpreter that runs it. */
export const sync = async (): Promise<Report> => {
  const bare = await bareJobs();
  return withCloud(async ({ client }) => ({
    title: `sync: run_wait_result of a no-op, ${RUNS} warm runs, each beside a bare spawn`,
    rows: [...python(await measure(client, bare.python3)), ...bash(await measure(client, bare.bash))],
    notes: [
      `python3 is ${bare.python3.file}, bash is ${bare.bash.file}`,
      'warm Python jobs are forked from a prepared interpreter, so they may beat a bare spawn; Bash jobs are spawned',
    ],
  }));
};
