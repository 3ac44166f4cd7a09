import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rig } from './rig.ts';
import { soak } from './soak.ts';

// `npm run soak` takes 5,000; SEED=... repeats a run as far as real processes allow.
const JOBS = Number(process.env.MILLRACE_SOAK_JOBS ?? 100);
const SEED = Number(process.env.SEED ?? 1);

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
}, 60_000);
afterAll(() => rig.stop());

it(`${JOBS} jobs under kills, throttling, lost answers, duplicates and clock jumps each end once, and leave nothing behind`, async () => {
  const { wrong, ...told } = await soak(rig, JOBS, SEED);
  console.log(`seed ${SEED}: ${JSON.stringify(told)}`);
  expect(wrong).toEqual([]);
  expect(told.jobs).toBe(JOBS);
}, 3_600_000);
