import fc from 'fast-check';
import type { FlowPlan } from '../../shared/flow/plan.ts';
import { FlowValue } from '../../shared/model/flow.ts';
import type { Outcome } from './flow-world.ts';

const js = (expr: string) => ({ type: 'javascript', expr });
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });

const condition = fc.constantFrom('true', 'false', 'result?.v % 2 === 0', 'flow_input.n > 1', 'result?.length > 1');
const stop = fc.record({
  expr: condition,
  skip_if_stopped: sometimes(fc.boolean()),
  error_message: sometimes(fc.constant('stopped')),
});
const skip = fc.record({
  expr: fc.constantFrom('false', 'false', 'previous_result?.v % 2 === 0', 'flow_input.iter?.index === 1'),
});
const retry = fc.record({ constant: fc.record({ attempts: fc.integer({ min: 0, max: 2 }), seconds: fc.constant(1) }) });
const options = fc.record(
  {
    stop_after_if: stop,
    skip_if: skip,
    retry,
    continue_on_error: fc.boolean(),
    mock: fc.record({ enabled: fc.boolean(), return_value: fc.constant({ v: 4 }) }),
    sleep: fc.constant(js('3')),
  },
  { requiredKeys: [] },
);

const inputs = fc.constantFrom(
  {},
  { p: js('previous_result') },
  { i: js('flow_input.iter?.value ?? "none"') },
  { r: js('results') },
  { f: js('flow_input.iter.value.x.y') },
);
const leaf = fc.record({ type: fc.constant('script'), path: fc.constant('f/random/step'), input_transforms: inputs });

const { module } = fc.letrec((tie) => ({
  modules: fc.array(tie('module'), { maxLength: 3, depthIdentifier: 'flow' }),
  module: fc
    .tuple(
      fc.oneof(
        { depthIdentifier: 'flow', maxDepth: 3, withCrossShrink: true },
        leaf,
        tie('identity'),
        tie('forloop'),
        tie('whileloop'),
        tie('one'),
        tie('all'),
      ),
      sometimes(options),
    )
    .map(([value, more]) => ({ ...more, value })),
  identity: fc.constant({ type: 'identity' }),
  forloop: fc.record({
    type: fc.constant('forloopflow'),
    iterator: fc.constantFrom(
      { type: 'static', value: ['x'] },
      { type: 'static', value: [1, 2, 3] },
      js('[]'),
      js('Array(flow_input.n).fill("i")'),
    ),
    modules: tie('modules'),
    skip_failures: fc.boolean(),
    parallel: fc.boolean(),
    parallelism: sometimes(fc.integer({ min: 1, max: 2 })),
  }),
  whileloop: fc.record({ type: fc.constant('whileloopflow'), modules: tie('modules') }),
  one: fc.record({
    type: fc.constant('branchone'),
    branches: fc.array(
      fc.record({ expr: fc.constantFrom('true', 'false', 'previous_result?.v > 2'), modules: tie('modules') }),
      { maxLength: 2 },
    ),
    default: tie('modules'),
  }),
  all: fc.record({
    type: fc.constant('branchall'),
    branches: fc.array(fc.record({ modules: tie('modules'), skip_failure: fc.boolean() }), { maxLength: 3 }),
    parallel: fc.boolean(),
  }),
}));

type Raw = {
  value: Record<string, unknown> & { type: string; modules?: Raw[]; default?: Raw[]; branches?: { modules: Raw[] }[] };
};

/** Gives each module an id, and each whileloop an end: its second iteration at the latest. */
const named = (modules: Raw[], next: { id: number }): object[] =>
  modules.map(({ value, ...more }) => {
    const id = `m${next.id++}`;
    const inner = {
      ...value,
      ...(value.modules && { modules: named(value.modules, next) }),
      ...(value.default && { default: named(value.default, next) }),
      ...(value.branches && {
        branches: value.branches.map((branch) => ({ ...branch, modules: named(branch.modules, next) })),
      }),
    };
    const end = value.type === 'whileloopflow' ? { stop_after_if: { expr: 'flow_input.iter.index >= 1' } } : {};
    return { id, value: inner, ...more, ...end };
  });

/** Any flow that a definition can say, but for expressions that throw. */
export const randomFlow: fc.Arbitrary<FlowPlan> = fc
  .tuple(fc.array(module, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([modules, fails]) =>
    FlowValue.parse({
      modules: named(modules as Raw[], { id: 0 }),
      ...(fails
        ? {
            failure_module: {
              id: 'failure',
              value: { type: 'script', path: 'f/random/failure', input_transforms: { e: js('error') } },
            },
          }
        : {}),
    }),
  );

const digest = (text: string): number => [...text].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 9973, 7);

/** Steps whose result says what they were given, some of which fail the first time, and some always. */
export const randomOutcome =
  (seed: number): Outcome =>
  ({ address, run, args }) => {
    const luck = digest(`${seed}${address}`) % 12;
    const fails = luck === 0 || (luck < 3 && run === 0);
    return fails
      ? { ok: false, value: { name: 'Error', message: `${address}#${run}` } }
      : { ok: true, value: { v: digest(`${address}#${run}${JSON.stringify(args)}`) % 5 } };
  };
