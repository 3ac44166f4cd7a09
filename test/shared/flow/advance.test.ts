import { describe, expect, test } from 'vitest';
import type { FlowPlan } from '../../../shared/flow/plan.ts';
import { FlowValue } from '../../../shared/model/flow.ts';
import type { Json } from '../../../shared/model/json.ts';
import { FlowWorld } from '../../support/flow-world.ts';

const js = (expr: string) => ({ type: 'javascript', expr });
const step = (id: string, more: object = {}, inputs: object = {}) => ({
  id,
  value: { type: 'script', path: `f/steps/${id}`, input_transforms: inputs },
  ...more,
});
const loop = (id: string, items: Json[], modules: object[], value: object = {}, more: object = {}) => ({
  id,
  value: { type: 'forloopflow', iterator: { type: 'static', value: items }, modules, ...value },
  ...more,
});
const whileLoop = (id: string, modules: object[], more: object = {}) => ({
  id,
  value: { type: 'whileloopflow', modules },
  ...more,
});
const plan = (modules: object[], more: object = {}): FlowPlan => FlowValue.parse({ modules, ...more });

/** Every step gives its id and how often it ran, but those that are to fail so many times, or always. */
const world = (failures: Record<string, number> = {}): FlowWorld =>
  new FlowWorld(({ run, args }, id) =>
    run < (failures[id] ?? 0)
      ? { ok: false, value: { name: 'Error', message: `${id} failed` } }
      : { ok: true, value: Object.keys(args).length === 0 ? `${id}${run}` : args },
  );
const run = (
  modules: object[],
  more: { failures?: Record<string, number>; flow?: object; args?: { [k: string]: Json } } = {},
) => {
  const made = world(more.failures);
  made.start(plan(modules, more.flow), more.args);
  made.settle();
  return { ...made.result(), trace: made.trace, world: made };
};
const failed = (id: string) => ({ error: { name: 'Error', message: `${id} failed` } });

describe('steps', () => {
  test('run one after the other, and the last gives the result', () => {
    expect(
      run([step('a'), step('b', {}, { x: js('results.a'), y: js('flow_input.n') })], { args: { n: 7 } }),
    ).toMatchObject({
      status: 'success',
      result: { x: 'a0', y: 7 },
      trace: ['a@#0', 'b@#0'],
    });
  });

  test.each<[string, object[], object, object]>([
    ['none: the arguments are the result', [], {}, { status: 'success', result: { n: 1 }, trace: [] }],
    [
      'identity hands on what came before',
      [step('a'), { id: 'b', value: { type: 'identity' } }],
      {},
      { result: 'a0', trace: ['a@#0'] },
    ],
    [
      'a mock runs nothing',
      [step('a', { mock: { enabled: true, return_value: [1] } })],
      {},
      { result: [1], trace: [] },
    ],
    [
      'skip_if gives null',
      [step('a'), step('b', { skip_if: { expr: 'previous_result === "a0"' } })],
      {},
      { result: null, trace: ['a@#0'] },
    ],
    [
      'a failure ends the flow',
      [step('a'), step('b')],
      { failures: { a: 9 } },
      { status: 'failure', result: failed('a'), trace: ['a@#0'] },
    ],
    [
      'continue_on_error hands the error on',
      [step('a', { continue_on_error: true }), step('b', {}, { e: js('previous_result.error.message') })],
      { failures: { a: 9 } },
      { status: 'success', result: { e: 'a failed' } },
    ],
    [
      'stop_after_if ends the flow early',
      [step('a', { stop_after_if: { expr: 'result === "a0"' } }), step('b')],
      {},
      { status: 'success', result: 'a0', stopped: true },
    ],
    [
      'skip_if_stopped makes it skipped',
      [step('a', { stop_after_if: { expr: 'true', skip_if_stopped: true } }), step('b')],
      {},
      { status: 'skipped', result: 'a0' },
    ],
    [
      'error_message makes it fail, past the failure module',
      [step('a', { stop_after_if: { expr: 'true', error_message: 'no', error_include_result: true } })],
      { flow: { failure_module: step('failure') } },
      {
        status: 'failure',
        result: { error: { name: 'EarlyStopError', message: 'no', step_id: 'a', result: 'a0' } },
        trace: ['a@#0'],
      },
    ],
    [
      'the failure module sees the error and makes the result',
      [step('a'), step('b')],
      { failures: { b: 9 }, flow: { failure_module: step('failure', {}, { m: js('error.message') }) } },
      { status: 'failure', result: { m: 'b failed' }, trace: ['a@#0', 'b@#0', 'failure@#0'] },
    ],
    [
      'an expression that throws fails its step',
      [step('a', {}, { x: js('nothing.here') })],
      {},
      { status: 'failure', result: { error: { name: 'FlowError', step_id: 'a' } }, trace: [] },
    ],
    [
      'skip_expr skips the whole flow',
      [step('a')],
      { flow: { skip_expr: 'flow_input.n === 1' } },
      { status: 'skipped', result: null, trace: [] },
    ],
  ])('%s', (_, modules, more, expected) => {
    expect(run(modules, { args: { n: 1 }, ...more })).toMatchObject(expected);
  });

  test('are tried again as their policy says, at later times', () => {
    const retry = { constant: { attempts: 1, seconds: 5 }, exponential: { attempts: 1, multiplier: 2, seconds: 3 } };
    const { world, ...end } = run([step('a', { retry })], { failures: { a: 2 } });
    expect(end).toMatchObject({ status: 'success', result: 'a2', trace: ['a@#0', 'a@#1', 'a@#2'] });
    expect([...world.leaves.values()].map(({ due }) => due - world.now)).toEqual([0, 5_000, 6_000]);
  });

  test.each([
    ['false', 1],
    ['error.message === "a failed"', 3],
    ['throws()', 1],
  ])('are tried again if retry_if %s says so', (expr, runs) => {
    const retry = { constant: { attempts: 2, seconds: 0 }, retry_if: { expr } };
    expect(run([step('a', { retry })], { failures: { a: 9 } })).toMatchObject({
      status: 'failure',
      trace: { length: runs },
    });
  });

  test('a sleep keeps the next job waiting', () => {
    const { world } = run([step('a', { sleep: js('result === "a0" ? 60 : 0') }), step('b')]);
    expect([...world.leaves.values()].map(({ due }) => due - world.now)).toEqual([0, 60_000]);
  });

  test('the preprocessor makes the arguments of the flow', () => {
    const made = world();
    const preprocessor_module = step('preprocessor', {}, { n: js('flow_input.event + 1') });
    made.start(plan([step('a', {}, { n: js('flow_input.n') })], { preprocessor_module }), { event: 1 }, true);
    made.settle();
    expect(made.result()).toEqual({ status: 'success', result: { n: 2 } });
  });

  test('an early answer that a crash cut off is given when the event comes again', () => {
    const made = world();
    made.start(plan([step('a'), step('b')], { early_return: 'a' }));
    for (let next = made.due.shift(); next !== undefined; next = made.due.shift()) {
      made.hear(next, 0);
      if (made.answers.length === 0) made.hear(next);
    }
    expect(made.answers).toEqual(['a0']);
  });

  test('early_return answers when the last step that it names has ended', () => {
    expect(run([step('a'), step('b'), step('c')], { flow: { early_return: 'b' } }).world.answers).toEqual(['b0']);
    const expr = '[results.b, results["a"]]';
    expect(run([step('a'), step('b'), step('c')], { flow: { early_return: expr } }).world.answers).toEqual([
      ['b0', 'a0'],
    ]);
  });
});

describe('loops', () => {
  const body = step('b', {}, { v: js('flow_input.iter.value'), i: js('flow_input.iter.index') });
  const both = [
    { v: 'x', i: 0 },
    { v: 'y', i: 1 },
  ];
  const nested = [step('c'), body];

  test.each<[string, object[], object, object]>([
    ['one step is run as it is', [loop('a', ['x', 'y'], [body])], {}, { result: both, trace: ['b@0#0', 'b@1#0'] }],
    [
      'more steps are a flow job each',
      [loop('a', ['x', 'y'], nested)],
      {},
      { result: both, trace: ['c@0#0', 'b@0#0', 'c@1#0', 'b@1#0'] },
    ],
    ['parallel, the same', [loop('a', ['x', 'y'], nested, { parallel: true })], {}, { result: both }],
    ['no items', [loop('a', [], [body])], {}, { status: 'success', result: [], trace: [] }],
    [
      'no list to go through',
      [loop('a', [], [body], { iterator: js('5') })],
      {},
      { status: 'failure', result: { error: { message: 'the iterator gives no list: it is no array', step_id: 'a' } } },
    ],
    [
      'a failure ends the loop',
      [loop('a', [1, 2], [step('b')])],
      { failures: { b: 9 } },
      { status: 'failure', result: failed('b'), trace: ['b@0#0'] },
    ],
    [
      'skip_failures goes on',
      [loop('a', [1, 2], [step('b')], { skip_failures: true })],
      { failures: { b: 1 } },
      { status: 'success', result: [failed('b'), failed('b')] },
    ],
    [
      'in parallel all run, and the first failed one is the result',
      [loop('a', [1, 2], [step('b')], { parallel: true })],
      { failures: { b: 1 } },
      { status: 'failure', result: failed('b'), trace: { length: 2 } },
    ],
    [
      'a retry does it all again',
      [loop('a', [1, 2], [step('b')], {}, { retry: { constant: { attempts: 1, seconds: 0 } } })],
      { failures: { b: 1 } },
      { status: 'failure', trace: ['b@0#0', 'b@0#1', 'b@1#0'] },
    ],
    [
      'a stop within breaks',
      [loop('a', [1, 2], [step('b', { stop_after_if: { expr: 'true' } })]), step('c')],
      {},
      { result: 'c0', trace: ['b@0#0', 'c@#0'] },
    ],
    [
      'a stop in a longer body breaks',
      [loop('a', [1, 2], [step('b', { stop_after_if: { expr: 'true' } }), step('d')]), step('c')],
      {},
      { result: 'c0', trace: ['b@0#0', 'c@#0'] },
    ],
    [
      'a stop of the loop breaks',
      [loop('a', [1, 2, 3], [step('b')], {}, { stop_after_if: { expr: 'flow_input.iter.index === 1' } })],
      {},
      { result: ['b0', 'b0'] },
    ],
    [
      'stop_after_all_iters_if ends the flow',
      [loop('a', [1, 2], [step('b')], {}, { stop_after_all_iters_if: { expr: 'result.length === 2' } }), step('c')],
      {},
      { result: ['b0', 'b0'], trace: { length: 2 } },
    ],
    [
      'while: until it is stopped, seeing what it gave before',
      [
        whileLoop('a', [
          step('b', { stop_after_if: { expr: 'result.n === 3' } }, { n: js('(results.b?.n ?? 0) + 1') }),
        ]),
      ],
      {},
      { result: [{ n: 1 }, { n: 2 }, { n: 3 }] },
    ],
  ])('%s', (_, modules, more, expected) => {
    expect(run(modules, more)).toMatchObject(expected);
  });

  test('1,100 iterations cost a bounded write each, one by one and at once', () => {
    const items = Array.from({ length: 1_100 }, (_, index) => index);
    for (const value of [{}, { parallel: true }, { parallel: true, parallelism: 7 }]) {
      const { world, status, result } = run([
        loop('a', items, [step('b', {}, { i: js('flow_input.iter.index') })], value),
      ]);
      expect(status).toBe('success');
      expect(result).toEqual(items.map((i) => ({ i })));
      expect(world.mostParts).toBeLessThanOrEqual(10);
      expect(world.largestPart).toBeLessThan(1_000);
    }
  });

  test('parallelism says how many are under way', () => {
    const made = world();
    made.start(plan([loop('a', [...Array(9).keys()], [step('b')], { parallel: true, parallelism: 2 })]));
    const seen: number[] = [];
    for (let next = made.due.shift(); next !== undefined; next = made.due.shift()) {
      made.hear(next);
      seen.push(made.due.length);
    }
    expect(Math.max(...seen)).toBe(2);
    expect(made.trace).toHaveLength(9);
  });
});

describe('branches', () => {
  const one = (branches: object[], fallback: object[] = []) => ({
    id: 'x',
    value: { type: 'branchone', branches, default: fallback },
  });
  const all = (branches: object[], value: object = {}) => ({
    id: 'x',
    value: { type: 'branchall', branches, ...value },
  });

  test.each<[string, object[], object, object]>([
    [
      'the first true one runs',
      [
        one([
          { expr: 'false', modules: [step('a')] },
          { expr: 'true', modules: [step('b')] },
          { expr: 'true', modules: [step('c')] },
        ]),
      ],
      {},
      { result: 'b0', trace: ['b@#0'] },
    ],
    [
      'else the default',
      [one([{ expr: 'false', modules: [step('a')] }], [step('b'), step('c')])],
      {},
      { result: 'c0', trace: ['b@#0', 'c@#0'] },
    ],
    ['an empty one hands on what came before', [step('a'), one([])], {}, { result: 'a0' }],
    [
      'a stop in the chosen one stops the list around it',
      [
        one([{ expr: 'true', modules: [step('a', { stop_after_if: { expr: 'true', skip_if_stopped: true } })] }]),
        step('c'),
      ],
      {},
      { status: 'skipped', trace: ['a@#0'] },
    ],
    [
      'a broken expression is told with its branch',
      [one([{ expr: 'nothing.here', modules: [] }])],
      {},
      { status: 'failure', result: { error: { message: expect.stringContaining('the expression of branch 0') } } },
    ],
    [
      'branchall gives a list',
      [all([{ modules: [step('a')] }, { modules: [] }, { modules: [step('b'), step('c')] }])],
      { args: { n: 1 } },
      { result: ['a0', { n: 1 }, 'c0'] },
    ],
    [
      'branchall in parallel',
      [all([{ modules: [step('a')] }, { modules: [step('b')] }], { parallel: true })],
      {},
      { result: ['a0', 'b0'] },
    ],
    [
      'a branch fails them',
      [all([{ modules: [step('a')] }, { modules: [step('b')] }])],
      { failures: { a: 1 } },
      { status: 'failure', result: failed('a'), trace: ['a@#0'] },
    ],
    [
      'skip_failure keeps one to itself',
      [all([{ skip_failure: true, modules: [step('a')] }, { modules: [step('b')] }], { parallel: true })],
      { failures: { a: 1 } },
      { status: 'success', result: [failed('a'), 'b0'] },
    ],
  ])('%s', (_, modules, more, expected) => {
    expect(run(modules, more)).toMatchObject(expected);
  });
});
