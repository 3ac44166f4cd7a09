import { afterAll, beforeAll, expect, test } from 'vitest';
import { restampJobs } from '../../../functions/reaper/restamp-jobs.ts';
import { RestampStore } from '../../../shared/aws/restamp-store.ts';
import { InstanceSettings } from '../../../shared/model/settings.ts';
import { aJob, type Stores, startStores } from '../../support/stores.ts';

const ENDED = 1_700_000_000_000;
const JOBS = 250;
const PARTS = ['demo#preview#0', 'demo#script#0'];

let stores: Stores;
let store: RestampStore;
beforeAll(async () => {
  stores = await startStores();
  store = new RestampStore(stores.db, { jobs: 'jobs', catalog: 'none' });
  const jobs = Array.from({ length: JOBS }, (_, n) =>
    aJob({ id: `job-${String(n).padStart(3, '0')}`, kind: n % 5 === 0 ? 'preview' : 'script', created_at: 1_000 + n }),
  );
  for (let from = 0; from < JOBS; from += 50)
    await Promise.all(
      jobs.slice(from, from + 50).map(async (job) => {
        await stores.jobs.create(job);
        await stores.jobs.claim(job, { worker: 'wk', now: 2_000, op: 'claim' });
        const result = { at: 'inline' as const, text: '1' };
        await stores.jobs.finish(
          job,
          1,
          { status: 'success', completedAt: ENDED, result, expires: 4_000_000_000 },
          'end',
        );
      }),
    );
  await stores.jobs.create(aJob({ id: 'waiting' }));
}, 60_000);
afterAll(() => stores.stop());

const ends = async (): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const part of PARTS) {
    let after: string | undefined;
    do {
      const page = await store.page(part, after);
      for (const { expires } of page.jobs) counts[String(expires)] = (counts[String(expires)] ?? 0) + 1;
      after = page.after;
    } while (after !== undefined);
  }
  return counts;
};
const periods = (seconds: number, revision: number) =>
  InstanceSettings.parse({ retention_period_secs: seconds, retention_revision: revision });

/** Slices until the walk is done, each of so many pages; answers how many it took. */
const walk = async (settings: () => InstanceSettings, pages: number, now: number): Promise<number> => {
  for (let slices = 1; slices < 20; slices += 1) {
    let left = pages;
    await restampJobs(
      {
        settings: async () => settings(),
        progress: () => store.progress(),
        remember: (progress) => store.remember(progress),
        parts: async () => PARTS,
        page: (part, after) => store.page(part, after),
        stamp: (job, expires) => store.stamp(job, expires),
        now: () => now,
      },
      () => left-- === 0,
    );
    const progress = await store.progress();
    if (progress?.revision === settings().retention_revision && progress.part === undefined) return slices;
  }
  throw new Error('the walk does not end');
};

test('a changed period holds for the jobs there are, after as many pauses as it takes, and not for those alive', async () => {
  const change = periods(3_600, ENDED);
  await restampJobs(
    {
      settings: async () => change,
      progress: () => store.progress(),
      remember: (progress) => store.remember(progress),
      parts: async () => PARTS,
      page: (part, after) => store.page(part, after),
      stamp: (job, expires) => store.stamp(job, expires),
      now: () => ENDED + 89_000,
    },
    () => false,
  );
  // Some function may still end jobs by the old period.
  expect(await ends()).toEqual({ 4000000000: JOBS, undefined: 1 });
  expect(await walk(() => change, 1, ENDED + 90_000)).toBeGreaterThan(2);
  expect(await ends()).toEqual({ [ENDED / 1000 + 3_600]: JOBS, undefined: 1 });
});

test('of two changes the newer wins, though the older is half done', async () => {
  let current = periods(7_200, ENDED + 1_000_000);
  let looks = 0;
  const slices = await walk(
    () => {
      looks += 1;
      if (looks > 2) current = periods(0, ENDED + 1_100_000);
      return current;
    },
    1,
    ENDED + 2_000_000,
  );
  expect(slices).toBeGreaterThan(2);
  expect(await ends()).toEqual({ undefined: JOBS + 1 });
  await store.remember({ revision: ENDED + 1_000_000, part: PARTS[0], after: '0' });
  expect((await store.progress())?.revision).toBe(ENDED + 1_100_000);
});
