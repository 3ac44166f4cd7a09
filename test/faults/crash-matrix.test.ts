import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cutEverywhere } from './crash-matrix.ts';
import { deployQueued, LIVES } from './lives.ts';
import { Rig } from './rig.ts';

// `npm run faults` cuts at every point; the ordinary tests at each so-manieth, another one in each life.
const STRIDE = Number(process.env.MILLRACE_FAULTS_STRIDE ?? 37);
const ONLY = process.env.MILLRACE_FAULTS_LIFE;

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
  await deployQueued(rig);
}, 60_000);
afterAll(() => rig.stop());

describe('a job whose life is cut before or after any call, or whose messages come twice,', () => {
  let points = 0;
  let cut = 0;
  let missed = 0;
  const orphans: string[] = [];

  it.each(LIVES.map((life, index) => ({ ...life, index })))(
    '$name: ends once, as it should, and leaves nothing behind',
    async ({ index, ...life }) => {
      if (ONLY !== undefined && ONLY !== life.name) return;
      const outcome = await cutEverywhere(rig, life, STRIDE, index);
      points += outcome.points;
      cut += outcome.cut;
      orphans.push(...outcome.orphans);
      const { point, tookMs } = outcome.slowest;
      console.log(`${life.name}: ${outcome.points} points, ${outcome.cut} cut; not met: ${outcome.missed.join(', ')}`);
      console.log(`  at most ${tookMs / 1000} s of stepped time until nothing was left: ${point}`);
      expect(outcome.broken).toEqual([]);
      missed += outcome.missed.length;
    },
    3_600_000,
  );

  it('is struck at nearly every point: calls that come in another order in some runs are few', () => {
    expect(missed).toBeLessThanOrEqual(Math.ceil(cut / 5));
  });

  afterAll(() => {
    console.log(`${cut} of ${points} points were cut; ${orphans.length} objects are left to the daily reconcile`);
    for (const key of orphans) console.log(`  ${key}`);
  });
});
