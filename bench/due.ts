import { setTimeout as pause } from 'node:timers/promises';
import { completed } from './client.ts';
import { type BenchCloud, withCloud } from './cloud.ts';
import { bareJobs, NOOP, spawnLoop } from './interpreter.ts';
import { ms, perSecond, type Report, times } from './report.ts';
import { median, percentile } from './statistics.ts';

const JOBS = 1000;
const WORKERS = 4;
const BARE_RUNS = 200;
/** Requests at once; reading results must not take the machine from the jobs. */
const QUEUEING = 16;
const READING = 2;
const SCRIPT = 'f/bench/noop';
/** Time to queue them all before they are due, most of which is then skipped: SQS delays so long, and no longer. */
const AHEAD_MS = 14 * 60_000;
/** So long before they are due time goes on as ever. */
const LEAD_MS = 5_000;
const WARM_UP = 8;
const DRAINED_WITHIN_MS = 300_000;

/** Does `work` for every item, so many at a time; results in the order of the items. */
const inTurns = async <T, R>(atOnce: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};

/** How late each of many jobs starts that are due at one moment, in milliseconds. */
const latenessOf = async (cloud: BenchCloud, jobs: number): Promise<number[]> => {
  const { client } = cloud;
  const due = Math.ceil((Date.now() + AHEAD_MS) / 1000) * 1000;
  const path = `/w/bench/jobs/run/p/${SCRIPT}?scheduled_for=${new Date(due).toISOString()}`;
  const queue = async (): Promise<string> => (await client.expect(201, 'POST', path, {})).text;
  const ids = await inTurns(QUEUEING, Array.from({ length: jobs }), queue);
  await cloud.advance(due - LEAD_MS - Date.now());
  await pause(LEAD_MS);
  const ended = await inTurns(READING, ids, (id) => completed(client, 'bench', id, DRAINED_WITHIN_MS));
  return ended.map((job) => job.startedAt - due);
};

/** Many jobs due in the same second, on a warm system with 4 workers: how late they start. None may be early. */
export const due = async (): Promise<Report> => {
  const { python3 } = await bareJobs();
  return withCloud(async (cloud) => {
    await cloud.client.deploy('bench', { path: SCRIPT, language: 'python3', content: NOOP.python3 });
    for (let run = 0; run < WARM_UP; run += 1) {
      const { id } = await cloud.client.queue('bench', SCRIPT);
      await completed(cloud.client, 'bench', id);
    }
    const before = await spawnLoop(python3, BARE_RUNS, WORKERS);
    const late = await latenessOf(cloud, JOBS);
    const loop = (before + (await spawnLoop(python3, BARE_RUNS, WORKERS))) / 2;
    const [first, last] = [Math.min(...late), Math.max(...late)];
    const rate = (JOBS * 1000) / last;
    return {
      title: `due: ${JOBS} no-op Python jobs due in the same second, ${WORKERS} workers`,
      rows: [
        { what: 'late: the first', measured: ms(first), target: '0 to 2000 ms', ok: first >= 0 && first <= 2_000 },
        { what: 'late: p50', measured: ms(median(late)) },
        { what: 'late: p99', measured: ms(percentile(late, 0.99)) },
        { what: `bare spawn loop, ${WORKERS} at once`, measured: perSecond(loop) },
        { what: 'rate at which they start, against the bare loop', measured: times(rate / loop) },
      ],
      notes: ['past the first ones this is the wait for a free worker: see burst'],
    };
  });
};
