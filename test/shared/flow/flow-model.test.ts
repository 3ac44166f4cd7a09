import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FlowPlan } from '../../../shared/flow/plan.ts';
import { FlowWorld } from '../../support/flow-world.ts';
import { NaiveFlow } from '../../support/naive-flow.ts';
import { randomFlow, randomOutcome } from '../../support/random-flow.ts';

const naive = (plan: FlowPlan, seed: number) => {
  const flow = new NaiveFlow(randomOutcome(seed));
  return { end: flow.run(plan, { n: seed % 4 }), trace: flow.trace };
};

const sorted = (trace: string[]): string[] => trace.toSorted((a, b) => (a < b ? -1 : 1));
const isOrdered = (plan: FlowPlan): boolean => !JSON.stringify(plan).includes('"parallel":true');

test('any flow gives what its definition means', () => {
  fc.assert(
    fc.property(randomFlow, fc.nat(1000), (plan, seed) => {
      const meant = naive(plan, seed);
      const world = new FlowWorld(randomOutcome(seed));
      world.start(plan, { n: seed % 4 });
      world.settle();
      expect(world.result()).toEqual(meant.end);
      expect(isOrdered(plan) ? world.trace : sorted(world.trace)).toEqual(
        isOrdered(plan) ? meant.trace : sorted(meant.trace),
      );
    }),
    { numRuns: 500 },
  );
});

/** What else may happen to an event than to be heard once, in its turn. */
const fate = fc.constantFrom('heard', 'heard', 'heard', 'twice', 'cut', 'later');

test('events that are cut off, come twice, late or in another order change nothing', () => {
  fc.assert(
    fc.property(
      randomFlow,
      fc.nat(1000),
      fc.array(fc.tuple(fate, fc.nat(7)), { minLength: 20, maxLength: 60 }),
      (plan, seed, fates) => {
        const meant = naive(plan, seed);
        const world = new FlowWorld(randomOutcome(seed));
        world.start(plan, { n: seed % 4 });
        for (let turn = 0; world.due.length > 0; turn += 1) {
          const [what, which] = fates[turn] ?? ['heard', 0];
          const [event] = world.due.splice(which % world.due.length, 1);
          if (event === undefined) continue;
          // A crash after the parts are stored and before anything is done: the event comes again.
          if (what === 'cut' || what === 'twice') world.due.push(event);
          if (what === 'later') world.due.push(event);
          else world.hear(event, what === 'cut');
        }
        expect(world.result()).toEqual(meant.end);
        expect(sorted(world.trace)).toEqual(sorted(meant.trace));
        const heard = world.heard.splice(0);
        for (const event of heard.toReversed()) expect(world.hear(event)).toBe(false);
        expect(world.due).toEqual([]);
        expect(world.trace).toHaveLength(meant.trace.length);
      },
    ),
    { numRuns: 400 },
  );
});
