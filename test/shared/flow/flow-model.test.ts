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
    // A crash after the parts are stored and before all is done: the event comes again.
    if (what !== 'heard') world.due.push(event);
    if (what !== 'later') world.hear(event, what === 'cut' ? which : undefined);
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

/** `nothing`: which iterations, by their `index`, come to nothing before they have a job. */
type Long = { len: number; parallelism: number | null; nothing: string };

const loopOf = (id: string, { len, parallelism, nothing }: Long) => {
  const iterator = { type: 'static', value: [...Array(len).keys()] };
  const expr = `((index) => ${nothing})(flow_input.iter.index) ? nothing.here : 1`;
  const input = { type: 'javascript', expr };
  const modules = [{ id: `${id}_b`, value: { type: 'script', path: 'f/random/step', input_transforms: { input } } }];
  return { id, value: { type: 'forloopflow', iterator, modules, parallel: true, parallelism, skip_failures: true } };
};

const jobless = (steps: number) => [...Array(steps).keys()].map((n) => ({ id: `i${n}`, value: { type: 'identity' } }));

const long = fc.record({
  len: fc.integer({ min: 1, max: 120 }),
  parallelism: fc.option(fc.integer({ min: 1, max: 60 })),
  nothing: fc.constantFrom(
    'index % 3 === 0',
    'index % 9 > 0',
    'index > 4',
    'index > 40 && index < 90',
    'true',
    'false',
  ),
});

/** One loop, or two with steps between them that have no job. */
const longLoops = fc
  .tuple(long, fc.nat(30), fc.option(long))
  .map(([a, between, b]) =>
    FlowValue.parse({ modules: [loopOf('a', a), ...(b === null ? [] : [...jobless(between), loopOf('b', b)])] }),
  );

test('nor do they in long parallel loops, however many run at once', () => {
  fc.assert(fc.property(longLoops, fc.nat(1000), fates, runRoughly), { numRuns: 60 });
});

const heard = (times: number) => Array.from({ length: times }, (): [string, number] => ['heard', 0]);
const later: [string, number] = ['later', 0];

test.each<[string, Long[], [string, number][]]>([
  [
    'its first event is cut off when it made room past a window',
    [{ len: 27, parallelism: 18, nothing: 'index % 3 === 0' }],
    [['cut', 0]],
  ],
  [
    'its first event is cut off midway, and what it started makes room for many before it comes again',
    [{ len: 60, parallelism: 10, nothing: 'false' }],
    [['cut', 5], ...Array.from({ length: 6 }, () => [later, ...heard(5)]).flat()],
  ],
  [
    'the end of one is cut off when so many came to nothing that the rest is left to a window',
    [{ len: 40, parallelism: 1, nothing: 'index > 0 && index < 39' }],
    [...heard(1), ['cut', 0]],
  ],
  [
    'a window of the loop before begins it and is cut off',
    [
      { len: 80, parallelism: null, nothing: 'true' },
      { len: 40, parallelism: null, nothing: 'false' },
    ],
    [...heard(3), ['cut', 0]],
  ],
])('a long parallel loop ends where %s', (_, loops, first) => {
  const plan = FlowValue.parse({ modules: loops.map((loop, index) => loopOf('ab'.charAt(index), loop)) });
  runRoughly(plan, 0, [...first, ...heard(500)]);
});
