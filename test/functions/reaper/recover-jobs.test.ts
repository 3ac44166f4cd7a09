import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isResent, looksAt } from '../../../functions/reaper/looks.ts';
import { type ReaperDeps, recoverJobs } from '../../../functions/reaper/recover-jobs.ts';
import type { Job } from '../../../shared/model/job.ts';
import { lambdaOnly } from '../../support/lambda-only.ts';
import { aBeat, aJob, type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const running = async (id: string, worker: string): Promise<Job> => {
  const job = aJob({ id });
  await stores.jobs.create(job);
  await stores.jobs.claim(job, { worker, now: 10_000, op: `claim:${worker}` });
  return job;
};

/** The reaper over real stores; `live` lists what the index would. */
const reaper = (now: number, live: Job[] = [], backlog = 0) => {
  const sent: string[] = [];
  const deps: ReaperDeps = {
    ...stores,
    live: {
      async *oldest() {
        if (live.length > 0) yield { workspace: 'demo', due: Math.min(...live.map((job) => job.scheduled_for)) };
      },
      async *within(_workspace, { from, to }) {
        for (const job of live)
          if (from < job.scheduled_for && job.scheduled_for <= to) yield (await stores.jobs.get(job)) ?? job;
      },
    },
    queue: {
      ...lambdaOnly,
      serves: () => true,
      backlog: async () => backlog,
      send: async ({ id }) => {
        sent.push(id);
      },
    },
    now: () => now,
    wait: async () => undefined,
  };
  return { deps, sent };
};

describe('the reaper', () => {
  it('queues the jobs of a worker whose lease ran out again, and forgets the worker', async () => {
    const job = await running('stale', 'wk-stale');
    await stores.workers.beat('wk-stale', aBeat([{ workspace: 'demo', id: 'stale', attempt: 1 }], 20_000));
    const { deps, sent } = reaper(20_001);
    await recoverJobs(deps, () => 0);
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'queued', attempt: 1, tries: 1 });
    expect(sent).toEqual(['stale']);
    expect(await stores.workers.list()).toEqual([]);
  });

  it('leaves the jobs of a living worker alone', async () => {
    const job = await running('alive', 'wk-alive');
    await stores.workers.beat('wk-alive', aBeat([{ workspace: 'demo', id: 'alive', attempt: 1 }], 20_000));
    await recoverJobs(reaper(19_999, [job]).deps, () => 0);
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'running' });
    await stores.workers.gone('wk-alive');
  });

  it('queues a job again whose worker died before its first beat', async () => {
    const job = await running('young', 'wk-young');
    await recoverJobs(reaper(24_999, [job]).deps, () => 0);
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'running' });
    await recoverJobs(reaper(31_500, [job]).deps, () => 0);
    expect(await stores.jobs.get(job)).toMatchObject({ status: 'queued' });
  });

  it('sends the message of an overdue job again, at waits that double', async () => {
    const job = aJob({ id: 'overdue', scheduled_for: 0 });
    await stores.jobs.create(job);
    const { deps, sent } = reaper(60_000, [job]);
    await recoverJobs(deps, () => 0);
    expect(sent).toEqual(['overdue']);
  });

  it('looks at a waiting job in the 1st, 2nd, 4th, 8th... minute of its wait', () => {
    const isLookedAt = (ageMs: number): boolean =>
      looksAt(1e12, 1e12 - 1e9).some(({ from, to }) => from < 1e12 - ageMs && 1e12 - ageMs <= to);
    const minutes = Array.from({ length: 1440 }, (_, minute) => minute + 1).filter((at) => isLookedAt(at * 60_000));
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    expect(isLookedAt(29_999)).toBe(false);
    expect(looksAt(1e12, 1e12 - 29_999)).toEqual([]);
    expect(looksAt(1e12, 1e12 - 3_600_000)).toHaveLength(6);
  });

  it('does not double a backlog: a job behind hundreds of messages is sent again only after an hour', async () => {
    const job = aJob({ id: 'behind', scheduled_for: 0 });
    await stores.jobs.create(job);
    const behind = reaper(60_000, [job], 10_000);
    await recoverJobs(behind.deps, () => 0);
    expect(behind.sent).toEqual([]);
    expect([isResent(32 * 60_000, 10_000), isResent(64 * 60_000, 10_000), isResent(0, 499)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('pays what an ended job still owes', async () => {
    const job = aJob({ id: 'debtor', delete_after_secs: 0, status: 'success', followups: ['wipe'] });
    await stores.jobs.create(job);
    await recoverJobs(reaper(61_000, [job]).deps, () => 0);
    expect(stores.paid).toEqual(['wipe debtor']);
    expect((await stores.jobs.get(job))?.followups).toBeUndefined();
  });
});
