import { unreachable } from '../model/errors.ts';
import type { FlowModule } from '../model/flow-module.ts';
import { lookAtTime, takeAnswer } from './approvals.ts';
import { evaluateTruth, type Step } from './asks.ts';
import { endOfMember } from './at-once.ts';
import { type Advance, Draft } from './draft.ts';
import type { FlowEvent } from './events.ts';
import { type ChildEnd, childEndOf, type ModuleEnd } from './module-end.ts';
import { endOfOne } from './one-by-one.ts';
import type { FlowPart, ModulePart } from './parts.ts';
import { perform } from './perform.ts';
import { type FlowPlan, isIterated, isParallel, runOf } from './plan.ts';
import { settleModule } from './settle-module.ts';
import { childRef, scopeOf } from './start-child.ts';

/**
 * What one event means to a flow job. Pure: it knows nothing but its arguments and what it is answered, and the same answers
 * lead to the same. The driver stores the parts (all, if nobody changed what was read; else it begins again) and then does the
 * commands. An event that says nothing new changes no part and says again what is due, so that whatever a crash cut off
 * is made up for by hearing the event again.
 */
export function* advance(plan: FlowPlan, flow: FlowPart | undefined, event: FlowEvent): Step<Advance> {
  if (flow === undefined && event.type !== 'started') return { parts: [], commands: [] };
  const draft = new Draft(plan, flow ?? newFlow(plan, event), event);
  if (flow === undefined) yield* begin(draft);
  else yield* take(draft, event);
  return draft.result();
}

const newFlow = (plan: FlowPlan, event: FlowEvent): FlowPart => ({
  part: 'flow',
  id: event.type === 'started' ? event.id : '',
  at: event.type === 'started' && event.preprocess && plan.preprocessor_module ? 'preprocessor' : 'modules',
  step: 0,
  previous: { of: 'input' },
});

function* begin(draft: Draft): Step {
  draft.setFlow({});
  const { skip_expr } = draft.plan;
  if (skip_expr) {
    const skips = yield* evaluateTruth('skip_expr', skip_expr, scopeOf(draft));
    if (!skips.ok) draft.end({ status: 'failure', result: { of: 'error', name: 'FlowError', message: skips.reason } });
    else if (skips.value) draft.end({ status: 'skipped', result: { of: 'value', value: null } });
  }
  yield* perform(draft);
}

function* take(draft: Draft, event: FlowEvent): Step {
  switch (event.type) {
    case 'started':
    case 'look':
      return yield* again(draft);
    case 'continue':
      return yield* perform(draft);
    case 'child_finished':
      return yield* childFinished(draft, event);
    case 'resume':
      yield* takeAnswer(draft, event);
      return yield* again(draft);
    case 'timer':
      lookAtTime(draft);
      return yield* again(draft);
    case 'canceled':
      if (draft.flow.outcome === undefined) draft.end({ status: 'canceled', result: canceledBy(event) });
      return yield* perform(draft);
    default:
      return unreachable(event);
  }
}

function* again(draft: Draft): Step {
  if (draft.flow.answered !== undefined) draft.command({ type: 'answer', expr: draft.flow.answered });
  yield* perform(draft);
}

const canceledBy = ({ by, reason }: { by: string; reason?: string }) => ({
  of: 'error' as const,
  name: 'Canceled',
  message: `Job canceled: ${reason ?? 'unexplicited reasons'} by ${by}`,
});

/** The end of a child that is awaited. Of any other (an earlier attempt, a step that is over) nothing is learned. */
function* childFinished(draft: Draft, event: Finished): Step {
  const module = draft.current();
  const part = module && (yield* draft.module(module.id));
  if (module?.id !== event.child.module || part === undefined || !isAwaited(module, part, event))
    return yield* again(draft);
  const end = yield* takeEnd(draft, module, part, event);
  if (end === undefined && isParallel(module)) return;
  if (end !== undefined) yield* settleModule(draft, module, (yield* draft.module(module.id)) ?? part, end);
  yield* perform(draft);
}

type Finished = FlowEvent & { type: 'child_finished' };

const isAwaited = (module: FlowModule, part: ModulePart, { child: { iteration, attempt } }: Finished): boolean => {
  if (part.state !== 'InProgress' || part.attempt !== attempt) return false;
  return isParallel(module) ? iteration >= 0 && iteration < (part.started ?? 0) : iteration === (part.iteration ?? 0);
};

/** Undefined: the module has not ended by it. */
function* takeEnd(draft: Draft, module: FlowModule, part: ModulePart, event: Finished): Step<ModuleEnd | undefined> {
  const { iteration } = event.child;
  const child = childEndOf(event, runOf(module, part, iteration).kind === 'modules');
  if (isParallel(module)) return yield* endOfMember(draft, module, part, iteration, child);
  if (!isIterated(module)) return singleEnd(part, child);
  const next = yield* endOfOne(draft, module, part, child);
  return 'success' in next ? next : undefined;
}

const singleEnd = (part: ModulePart, child: ChildEnd): ModuleEnd =>
  child.status === 'success'
    ? { success: true, result: childRef(part, 0), stopped: child.stopped }
    : { success: false, result: childRef(part, 0), retriable: child.status === 'failure' };
