import { type FlowModule, isLeaf } from '../model/flow-module.ts';
import type { Step } from './asks.ts';
import { runAtOnce } from './at-once.ts';
import { beginModule } from './begin-module.ts';
import type { Draft } from './draft.ts';
import { faultEnd, type ModuleEnd } from './module-end.ts';
import { runOneByOne } from './one-by-one.ts';
import type { ModulePart } from './parts.ts';
import { isIterated, isParallel } from './plan.ts';
import { settleModule } from './settle-module.ts';
import { startChild } from './start-child.ts';

/** Goes on from where the flow stands until it waits for something, and says what for. */
export function* perform(draft: Draft): Step {
  for (;;) {
    if (draft.flow.outcome !== undefined) return finish(draft);
    if (draft.flow.waiting !== undefined) return yield* wait(draft, draft.flow.waiting);
    const module = draft.current();
    if (module === undefined) {
      draft.end({ status: 'success', result: draft.flow.previous });
      continue;
    }
    const end = yield* goOnWith(draft, module);
    if (end === undefined) return;
    const part = (yield* draft.module(module.id)) ?? unbegun(module);
    yield* settleModule(draft, module, part, end);
    if (draft.isEnough()) return;
  }
}

const unbegun = ({ id }: FlowModule): ModulePart => ({ part: 'module', id, state: 'Waiting', attempt: 0 });

/** Undefined: its children are to be awaited. */
function* goOnWith(draft: Draft, module: FlowModule): Step<ModuleEnd | undefined> {
  const before = (yield* draft.module(module.id)) ?? unbegun(module);
  if (before.state === 'Waiting') {
    const end = yield* beginModule(draft, module, before);
    if (end !== undefined) return end;
  }
  const part = (yield* draft.module(module.id)) ?? before;
  if (!isIterated(module)) return yield* runSingle(draft, module, part);
  return isParallel(module) ? yield* runAtOnce(draft, module, part) : yield* runOneByOne(draft, module, part);
}

function* runSingle(draft: Draft, module: FlowModule, part: ModulePart): Step<ModuleEnd | undefined> {
  const fault = yield* startChild(draft, module, part, 0);
  return fault === undefined ? undefined : { ...faultEnd(fault), retriable: !isLeaf(module.value) };
}

function* wait(draft: Draft, { module, until }: { module: string; until?: number | undefined }): Step {
  const part = yield* draft.module(module);
  const count = (part?.approval?.required ?? 1) - (part?.approvers?.length ?? 0);
  draft.command({ type: 'suspend', module, count, ...(until === undefined ? {} : { until }) });
}

const finish = (draft: Draft): void => {
  const { outcome } = draft.flow;
  if (outcome === undefined) return;
  if (outcome.status === 'canceled') draft.command({ type: 'cancel_children' });
  draft.command({ type: 'finish', ...outcome });
};
