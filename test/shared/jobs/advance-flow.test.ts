import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoFlowItemStore } from '../../../shared/aws/flow-item-store.ts';
import { DynamoFlowPartStore } from '../../../shared/aws/flow-part-store.ts';
import { evaluate } from '../../../shared/expressions/quickjs.ts';
import type { FlowEvent } from '../../../shared/flow/events.ts';
import { advanceFlow, type FlowDeps } from '../../../shared/jobs/advance-flow.ts';
import type { FlowJob } from '../../../shared/jobs/flow-ports.ts';
import { childFlow } from '../../../shared/jobs/flow-results.ts';
import { FlowValue } from '../../../shared/model/flow.ts';
import type { Json, JsonObject } from '../../../shared/model/json.ts';
import { type Stores, startStores } from '../../support/stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await startStores();
});
afterAll(() => stores.stop());

const js = (expr: string) => ({ type: 'javascript', expr });
const step = (id: string, inputs: object, more: object = {}) => ({
  id,
  value: { type: 'script', path: `f/s/${id}`, input_transforms: inputs },
  ...more,
});

type Heard = { flow: FlowJob; event: FlowEvent };
/** Steps give back their arguments. Everything is heard at once where it can be: events race as workers do. */
const run = async (modules: object[], args: JsonObject, more: object = {}) => {
  const results = new Map<string, Json>();
  const ended: { status: string; result: Json }[] = [];
  const answers: Json[] = [];
  let due: Heard[] = [];
  const started = new Set<string>();
  let evaluated = 0;
  const hear = (flow: FlowJob, event: object) => due.push({ flow, event: { now: 1, ...event } as FlowEvent });
  const deps: FlowDeps = {
    parts: new DynamoFlowPartStore(stores.db, 'jobs'),
    items: new DynamoFlowItemStore(stores.db, 'jobs', stores.payloads),
    evaluate: (expr, scope) => {
      evaluated += 1;
      return evaluate(expr, scope);
    },
    references: {
      variable: async (_, path) => `value of ${path}`,
      resource: async (_, path) => ({ path }),
      approvals: async () => [],
    },
    children: { exists: async ({ id }) => started.has(id), result: async ({ id }) => results.get(id) },
    commands: {
      start: async (flow, id, { child, run }, given) => {
        if (started.has(id)) return;
        started.add(id);
        if (run.kind === 'modules') {
          const inner = await childFlow(flow, child, run.list);
          hear(inner, { type: 'started', id: inner.id, preprocess: false });
          return;
        }
        results.set(id, given ?? null);
        hear(flow, { type: 'child_finished', child, status: 'success' });
      },
      later: async (flow, event) => void hear(flow, event),
      suspend: async () => undefined,
      answer: async (_, value) => void answers.push(value),
      cancelChildren: async () => undefined,
      finish: async (flow, { status, stopped }, result) => {
        if (results.has(flow.id)) return;
        results.set(flow.id, result);
        if (flow.around === undefined) ended.push({ status, result });
        else hear(flow.around.flow, { type: 'child_finished', child: flow.around.child, status, stopped });
      },
    },
  };
  const root: FlowJob = {
    workspace: 'demo',
    id: crypto.randomUUID(),
    plan: FlowValue.parse({ modules, ...more }),
    args: async () => args,
    env: { region: 'eu' },
  };
  hear(root, { type: 'started', id: root.id, preprocess: false });
  while (due.length > 0) {
    const all = due.splice(0);
    due = [];
    await Promise.all(all.map(({ flow, event }) => advanceFlow(deps, flow, event)));
  }
  return { ended, answers, evaluated };
};

test('inputs are found by reference: arguments, results, environment, variables, resources', async () => {
  const { ended } = await run(
    [
      step('a', { x: js('flow_input.n'), env: js('flow_env.region') }),
      step('b', {
        path: js('results.a.x'),
        sum: js('results.a.x + flow_input.n'),
        none: js('results.nothing.here'),
        variable: js("variable('u/ann/v').length"),
        resource: js("resource('u/ann/r')"),
        static: { type: 'static', value: '$var:u/ann/v' },
      }),
    ],
    { n: 3 },
  );
  expect(ended).toEqual([
    {
      status: 'success',
      result: { path: 3, sum: 6, none: null, variable: 16, resource: { path: 'u/ann/r' }, static: '$var:u/ann/v' },
    },
  ]);
});

test('a plain path needs no engine', async () => {
  const { evaluated } = await run([step('a', { x: js('flow_input.n') }), step('b', { x: js('results.a["x"]') })], {
    n: 3,
  });
  expect(evaluated).toBe(0);
});

test('steps in loops and branches see their item, what is around them, and are seen from outside', async () => {
  const inner = [
    step('b', { value: js('flow_input.iter.value'), outer: js('results.a.x'), n: js('flow_input.n') }),
    step('c', { i: js('flow_input.iter.index'), b: js('results.b.value') }),
  ];
  const loop = { id: 'l', value: { type: 'forloopflow', iterator: js('["x", "y"]'), parallel: true, modules: inner } };
  const branch = {
    id: 'o',
    value: {
      type: 'branchone',
      branches: [{ expr: 'results.l.length === 2', modules: [step('d', { d: js('1 + 1') })] }],
      default: [],
    },
  };
  const { ended } = await run(
    [
      step('a', { x: js('5') }),
      loop,
      branch,
      step('e', { b: js('results.b'), l: js('results.l'), d: js('results.d') }),
    ],
    { n: 3 },
  );
  expect(ended[0]?.result).toEqual({
    b: [
      { value: 'x', outer: 5, n: 3 },
      { value: 'y', outer: 5, n: 3 },
    ],
    l: [
      { i: 0, b: 'x' },
      { i: 1, b: 'y' },
    ],
    d: { d: 2 },
  });
});

test('twenty-four iterations end in the same moment, and each is counted once', async () => {
  const loop = {
    id: 'l',
    value: {
      type: 'forloopflow',
      iterator: js('Array(24).fill(0).map((_, i) => i)'),
      parallel: true,
      modules: [step('b', { v: js('flow_input.iter.value') })],
    },
  };
  const { ended } = await run([loop], {});
  expect(ended).toEqual([{ status: 'success', result: Array.from({ length: 24 }, (_, v) => ({ v })) }]);
});

test('an input that comes to nothing fails its step, and names the input', async () => {
  const { ended } = await run([step('a', { x: js('nothing.here + 1') })], {});
  expect(ended).toMatchObject([
    {
      status: 'failure',
      result: { error: { message: expect.stringContaining('input x could not be evaluated'), step_id: 'a' } },
    },
  ]);
});
