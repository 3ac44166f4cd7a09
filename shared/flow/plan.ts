import type { FlowValue } from '../model/flow.ts';
import { type FlowModule, innerLists, isLeaf } from '../model/flow-module.ts';
import type { Json } from '../model/json.ts';
import type { Run } from './commands.ts';
import type { ModulePart } from './parts.ts';

/** What of a definition a flow job goes by. Of a child flow job only `modules` are given. */
export type FlowPlan = Pick<
  FlowValue,
  'modules' | 'failure_module' | 'preprocessor_module' | 'early_return' | 'skip_expr' | 'same_worker'
>;

/** The plan of a child flow job: one list of modules within a module. */
export const innerPlan = (plan: FlowPlan, run: { module: string; list: number }): FlowPlan => {
  const module = plan.modules.find(({ id }) => id === run.module);
  const modules = module && innerLists(module)[run.list];
  if (modules === undefined) throw new Error(`the flow has no list ${run.list} in a module ${run.module}`);
  return { modules, same_worker: plan.same_worker };
};

/** Whether iterations or branches of a module run at once. Those of a whileloop never do. */
export const isParallel = ({ value }: FlowModule): boolean =>
  (value.type === 'forloopflow' || value.type === 'branchall') && value.parallel === true;

export const isLoop = ({ value }: FlowModule): boolean =>
  value.type === 'forloopflow' || value.type === 'whileloopflow';

/** Whether a step's result is a list of those of its children. */
export const isIterated = (module: FlowModule): boolean => isLoop(module) || module.value.type === 'branchall';

/** What a `mock` reference stands for. */
export const mockOf = ({ modules, failure_module, preprocessor_module }: FlowPlan, id: string): Json => {
  const all = [
    ...modules,
    ...(failure_module ? [failure_module] : []),
    ...(preprocessor_module ? [preprocessor_module] : []),
  ];
  return all.find((module) => module.id === id)?.mock?.return_value ?? null;
};

/** Options that only a flow job can honour. The stop of a step that is a loop's only one is its loop's to look at. */
const isBare = (module: FlowModule, stops: boolean): boolean =>
  !module.skip_if &&
  !module.sleep &&
  !module.suspend &&
  !module.retry &&
  !module.continue_on_error &&
  !module.mock?.enabled &&
  (stops ? module.stop_after_if?.error_include_result !== true : !module.stop_after_if);

/**
 * What one child of a module runs. A list of one step that is one job, without options that need a flow job around it, is run
 * as that job; any other list is a flow job of its own.
 */
export const runOf = (module: FlowModule, part: Pick<ModulePart, 'branch'>, iteration: number): Run => {
  if (isLeaf(module.value)) return { kind: 'step', step: module };
  const list =
    module.value.type === 'branchone' ? (part.branch ?? 0) : module.value.type === 'branchall' ? iteration : 0;
  const modules = innerLists(module)[list] ?? [];
  const [only] = modules;
  return only !== undefined &&
    modules.length === 1 &&
    isLeaf(only.value) &&
    isBare(only, isLoop(module) && !isParallel(module))
    ? { kind: 'step', step: only }
    : { kind: 'modules', module: module.id, list };
};

/** Whether the failure of one iteration or branch leaves the others and the module alone. */
export const skipsFailure = ({ value }: FlowModule, iteration: number): boolean => {
  switch (value.type) {
    case 'forloopflow':
    case 'whileloopflow':
      return value.skip_failures === true;
    case 'branchall':
      return value.branches[iteration]?.skip_failure === true;
    case 'branchone':
    case 'rawscript':
    case 'script':
    case 'flow':
    case 'identity':
      return false;
  }
};
