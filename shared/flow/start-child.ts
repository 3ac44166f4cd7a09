import { asTransform } from '../model/flow-inputs.ts';
import { type FlowModule, isLeaf } from '../model/flow-module.ts';
import { evaluateNumber, faultOf, type Scope, type Step } from './asks.ts';
import type { Iter } from './commands.ts';
import type { Draft } from './draft.ts';
import { faultOfStep } from './module-end.ts';
import type { Fault, ModulePart, Ref } from './parts.ts';
import { isLoop, runOf } from './plan.ts';

/** Where the result of an iteration is: in a child of this flow job, or of one that it was restarted from. */
export const childRef = (part: ModulePart, iteration: number): Ref => {
  const from = part.inherited?.find(({ below }) => iteration < below);
  const child = { module: part.id, iteration, attempt: from?.attempt ?? part.attempt };
  return { of: 'child', child, ...(from === undefined ? {} : { flow: from.flow }) };
};

/** What the expressions of a step may name, wherever the flow stands. */
export const scopeOf = (draft: Draft): Scope => ({
  unstored: draft.unstored(),
  ...stateOf(draft),
});

const stateOf = ({ flow }: Draft): Partial<Scope> => ({
  previous_result: flow.previous,
  ...(flow.resumed === undefined ? {} : { resumed: flow.resumed }),
  ...(flow.at === 'failure' ? { error: flow.previous } : {}),
  ...(flow.at === 'failure' && flow.failed_module !== undefined ? { failed_module: flow.failed_module } : {}),
});

const iterOf = (module: FlowModule, part: ModulePart, index: number): { iter?: Iter } =>
  isLoop(module) ? { iter: { module: module.id, attempt: part.attempt, index } } : {};

/** The step of a whileloop sees what it gave the time before under its own id. */
const beforeOf = (module: FlowModule, part: ModulePart, iteration: number, id: string): Pick<Scope, 'before'> =>
  module.value.type === 'whileloopflow' && iteration > 0
    ? { before: { id, result: childRef(part, iteration - 1) } }
    : {};

const isRestartedIn = ({ flow }: Draft, part: ModulePart, iteration: number): boolean =>
  flow.restarted_from?.step_id === part.id &&
  part.attempt === 0 &&
  (flow.restarted_from.branch_or_iteration_n ?? 0) === iteration;

/** Says what starts one child. Returns why that cannot be; undefined: it can. */
export function* startChild(
  draft: Draft,
  module: FlowModule,
  part: ModulePart,
  iteration: number,
): Step<Fault | undefined> {
  const child = { module: module.id, iteration, attempt: part.attempt };
  const run = runOf(module, part, iteration);
  const iter = iterOf(module, part, iteration);
  let timeout: number | undefined;
  if (run.kind === 'step') {
    const scope = { ...scopeOf(draft), ...iter, ...beforeOf(module, part, iteration, run.step.id) };
    // The first step of a list has nothing before it but the arguments, also where it needs no flow job of its own.
    if (run.step !== module) scope.previous_result = { of: 'input' };
    if (run.step.timeout !== undefined && run.step.timeout !== null) {
      const seconds = yield* evaluateNumber('timeout', asTransform(run.step.timeout), scope, 1);
      if (!seconds.ok) return faultOfStep(run.step.id, seconds.reason);
      timeout = seconds.value;
    }
    const transforms = isLeaf(run.step.value) ? run.step.value.input_transforms : undefined;
    const args = yield { ask: 'args', child, transforms, scope };
    if (args.is !== 'ready') return faultOfStep(run.step.id, faultOf(args).reason);
  }
  const nested = isRestartedIn(draft, part, iteration) ? draft.flow.restarted_from : undefined;
  draft.command({
    type: 'start',
    child,
    run,
    ...iter,
    scheduled_for: Math.max(draft.now, draft.flow.not_before ?? 0),
    ...(timeout === undefined ? {} : { timeout_s: timeout }),
    same_worker: draft.plan.same_worker === true,
    ...(nested?.nested === undefined ? {} : { restarted_from: { flow: nested.flow, child, restart: nested.nested } }),
  });
  return undefined;
}
