import { asTransform } from '../model/flow-inputs.ts';
import { type BranchOneValue, type FlowModule, type ForLoopValue, innerLists } from '../model/flow-module.ts';
import { approvalOf } from './approvals.ts';
import { type Evaluated, evaluateNumber, evaluateTruth, faultOf, type Step } from './asks.ts';
import type { Draft } from './draft.ts';
import { pagesFor } from './join.ts';
import { faultEnd, faultOfStep, type ModuleEnd } from './module-end.ts';
import type { ModulePart } from './parts.ts';
import { scopeOf } from './start-child.ts';

/** Begins an attempt at a step: a step that is over at once, or one whose children are to be started. */
export function* beginModule(draft: Draft, module: FlowModule, part: ModulePart): Step<ModuleEnd | undefined> {
  if (module.skip_if) {
    const skips = yield* evaluateTruth('skip_if', module.skip_if.expr, scopeOf(draft));
    if (!skips.ok) return faultEnd(faultOfStep(module.id, skips.reason));
    if (skips.value) return { success: true, result: { of: 'value', value: null }, skipped: true };
  }
  const approval = module.suspend ? yield* approvalOf(module.suspend, scopeOf(draft)) : undefined;
  if (approval?.ok === false) return faultEnd(faultOfStep(module.id, approval.reason));
  const begun: ModulePart = {
    ...part,
    state: 'InProgress',
    ...(approval === undefined ? {} : { approval: approval.value }),
  };
  draft.save(begun);
  if (module.mock?.enabled) return { success: true, result: { of: 'mock', module: module.id } };
  return yield* beginValue(draft, module, begun);
}

function* beginValue(draft: Draft, module: FlowModule, begun: ModulePart): Step<ModuleEnd | undefined> {
  const { value } = module;
  switch (value.type) {
    case 'rawscript':
    case 'script':
    case 'flow':
      return undefined;
    case 'identity':
      return { success: true, result: draft.flow.previous };
    case 'forloopflow':
      return yield* beginForLoop(draft, module, value, begun);
    case 'whileloopflow':
      draft.save({ ...begun, iteration: begun.iteration ?? 0 });
      return undefined;
    case 'branchone':
      return yield* beginBranchOne(draft, module, value, begun);
    case 'branchall': {
      const len = value.branches.length;
      return beginMany(draft, begun, len, value.parallel === true ? len : undefined);
    }
  }
}

/** Children one after the other, or `limit` at once. */
const beginMany = (draft: Draft, begun: ModulePart, len: number, limit: number | undefined): ModuleEnd | undefined => {
  if (len === 0) return { success: true, result: { of: 'value', value: [] } };
  const state =
    limit === undefined
      ? { iteration: begun.iteration ?? 0 }
      : { started: 0, limit: Math.min(limit, len), pages: pagesFor(len) };
  draft.save({ ...begun, len, ...state });
  return undefined;
};

function* beginForLoop(
  draft: Draft,
  { id }: FlowModule,
  value: ForLoopValue,
  begun: ModulePart,
): Step<ModuleEnd | undefined> {
  const scope = scopeOf(draft);
  const items = yield { ask: 'items', module: id, attempt: begun.attempt, iterator: value.iterator, scope };
  if (items.is !== 'length') return faultEnd(faultOfStep(id, `the iterator gives no list: ${faultOf(items).reason}`));
  const limit = value.parallel === true ? yield* limitOf(draft, value, items.length) : undefined;
  if (limit?.ok === false) return faultEnd(faultOfStep(id, limit.reason));
  return beginMany(draft, begun, items.length, limit?.value);
}

function* limitOf(draft: Draft, { parallelism }: ForLoopValue, len: number): Step<Evaluated<number>> {
  if (parallelism === undefined || parallelism === null) return { ok: true, value: len };
  const limit = yield* evaluateNumber('parallelism', asTransform(parallelism), scopeOf(draft), 1);
  return limit.ok ? { ok: true, value: Math.floor(limit.value) } : limit;
}

/** The first branch whose expression is true, or the default. An empty list hands on what came before. */
function* beginBranchOne(
  draft: Draft,
  module: FlowModule,
  value: BranchOneValue,
  begun: ModulePart,
): Step<ModuleEnd | undefined> {
  let branch = begun.branch ?? value.branches.length;
  for (const [index, { expr }] of begun.branch === undefined ? value.branches.entries() : []) {
    const truth = yield* evaluateTruth(`the expression of branch ${index}`, expr, scopeOf(draft));
    if (!truth.ok) return faultEnd(faultOfStep(module.id, truth.reason));
    if (!truth.value) continue;
    branch = index;
    break;
  }
  draft.save({ ...begun, branch });
  return innerLists(module)[branch]?.length === 0 ? { success: true, result: draft.flow.previous } : undefined;
}
