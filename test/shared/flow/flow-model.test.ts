import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FlowPlan } from '../../../shared/flow/plan.ts';
import { FlowValue } from '../../../shared/model/flow.ts';
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

/** Runs a flow while events are heard in any order, twice, later, or are cut off; then tells all of them once more. */
const runRoughly = (plan: FlowPlan, seed: number, fates: [string, number][]): void => {
  const meant = naive(plan, seed);
  const world = new FlowWorld(randomOutcome(seed));
  world.start(plan, { n: seed % 4 });
  for (let turn = 0; world.due.length > 0; turn += 1) {
    // In the end everything is heard.
    const [what, which] = (turn < 500 ? fates[turn % fates.length] : undefined) ?? ['heard', 0];
    const [event] = world.due.splice(which % world.due.length, 1);
    if (event === undefined) continue;
    // A crash after the parts are stored and before anything is done: the event comes again.
    if (what !== 'heard') world.due.push(event);
    if (what !== 'later') world.hear(event, what === 'cut');
  }
  expect(world.result()).toEqual(meant.end);
  expect(sorted(world.trace)).toEqual(sorted(meant.trace));
  for (const event of world.heard.splice(0).toReversed()) expect(world.hear(event)).toBe(false);
  expect(world.due).toEqual([]);
  expect(world.trace).toHaveLength(meant.trace.length);
};

const fates = fc.array(fc.tuple(fc.constantFrom('heard', 'heard', 'heard', 'twice', 'cut', 'later'), fc.nat(7)), {
  minLength: 20,
  maxLength: 60,
});

test('events that are cut off, come twice, late or in another order change nothing', () => {
  fc.assert(fc.property(randomFlow, fc.nat(1000), fates, runRoughly), { numRuns: 400 });
});

const longLoop = fc
  .record({ len: fc.integer({ min: 1, max: 120 }), parallelism: fc.option(fc.integer({ min: 1, max: 60 })) })
  .map(({ len, parallelism }) => {
    const iterator = { type: 'static', value: [...Array(len).keys()] };
    // Every third comes to nothing before it has a job.
    const input = { type: 'javascript', expr: 'flow_input.iter.index % 3 === 0 ? nothing.here : 1' };
    const modules = [{ id: 'b', value: { type: 'script', path: 'f/random/step', input_transforms: { input } } }];
    const value = { type: 'forloopflow', iterator, modules, parallel: true, parallelism, skip_failures: true };
    return FlowValue.parse({ modules: [{ id: 'a', value }] });
  });

test('nor do they in long parallel loops, however many run at once', () => {
  fc.assert(fc.property(longLoop, fc.nat(1000), fates, runRoughly), { numRuns: 60 });
});
