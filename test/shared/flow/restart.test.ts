import { expect, test } from 'vitest';
import { FlowValue } from '../../../shared/model/flow.ts';
import { FlowWorld } from '../../support/flow-world.ts';

const js = (expr: string) => ({ type: 'javascript', expr });
const step = (id: string, inputs: object = {}) => ({
  id,
  value: { type: 'script', path: `f/s/${id}`, input_transforms: inputs },
});
const plan = FlowValue.parse({
  modules: [
    step('a'),
    { id: 'l', value: { type: 'forloopflow', iterator: { type: 'static', value: [5, 6, 7] }, modules: [step('b')] } },
    step('c', { a: js('results.a'), l: js('results.l') }),
  ],
});

const ended = (): FlowWorld => {
  const world = new FlowWorld(({ args, run, address }) => ({
    ok: true,
    value: args.a === undefined ? `${address}#${run}` : args,
  }));
  world.start(plan);
  world.settle();
  world.trace.splice(0);
  return world;
};

test('a restarted flow takes over what came before the step, and reads it where it is', () => {
  const world = ended();
  expect(world.restart(plan, 'again', { step_id: 'c' })).toBeUndefined();
  expect(world.trace).toEqual(['c@#1']);
  expect(world.result('again')).toEqual(world.result('root'));
});

test('a loop goes on at an iteration, with the results of those before', () => {
  const world = ended();
  world.restart(plan, 'again', { step_id: 'l', branch_or_iteration_n: 1 });
  expect(world.trace).toEqual(['b@1#1', 'b@2#1', 'c@#1']);
  expect(world.result('again')?.result).toEqual({ a: 'a@#0', l: ['b@0#0', 'b@1#1', 'b@2#1'] });
});

test.each([
  [{ step_id: 'x' }, 'the flow has no step x'],
  [
    { step_id: 'a', branch_or_iteration_n: 1 },
    'step a cannot be restarted at 1: only loops and branchall that run one by one can',
  ],
  [{ step_id: 'l', branch_or_iteration_n: 9 }, 'step l cannot be restarted at 9: it never came that far'],
])('what cannot be restarted is told: %o', (from, reason) => {
  expect(ended().restart(plan, 'again', from)).toBe(reason);
});

test('no flow goes on behind a step that did not succeed', () => {
  const world = new FlowWorld((_, id) => ({ ok: id === 'a', value: { message: 'no' } }));
  world.start(plan);
  world.settle();
  expect(world.restart(plan, 'again', { step_id: 'c' })).toBe(
    'Flow cannot be restarted from a non successful module: l',
  );
});
