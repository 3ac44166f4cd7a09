import type { FlowModule } from '../model/flow-module.ts';
import type { Step } from './asks.ts';
import type { Draft } from './draft.ts';
import { pageOf } from './join.ts';
import { type ChildEnd, faultEnd, type ModuleEnd } from './module-end.ts';
import type { Fault, ModulePart, Ref } from './parts.ts';
import { isLoop, runOf, skipsFailure } from './plan.ts';
import { childRef, scopeOf, startChild } from './start-child.ts';
import { askStop } from './stop.ts';

/** The list of what iterations 0 to `count - 1` gave. */
export const childrenRef = ({ id, attempt, inherited, pages }: ModulePart, count: number): Ref => ({
  of: 'children',
  module: id,
  attempt,
  count,
  ...(pages === undefined ? {} : { pages }),
  ...(inherited === undefined ? {} : { inherited }),
});

/** Starts the current iteration; undefined: its end is to be awaited. */
export function* runOneByOne(draft: Draft, module: FlowModule, begun: ModulePart): Step<ModuleEnd | undefined> {
  let part = begun;
  for (;;) {
    const fault = yield* startChild(draft, module, part, part.iteration ?? 0);
    if (fault === undefined) return undefined;
    const end = yield* endOfOne(draft, module, part, { status: 'failure', error: fault });
    if ('success' in end) return end;
    if (draft.isEnough()) return undefined;
    part = end;
  }
}

/** Takes the end of the current iteration or branch: the module goes on with the next one, or has ended. */
export function* endOfOne(
  draft: Draft,
  module: FlowModule,
  part: ModulePart,
  child: ChildEnd,
): Step<ModuleEnd | ModulePart> {
  const iteration = part.iteration ?? 0;
  const result = childRef(part, iteration);
  const stop = yield* stopOf(draft, module, part, child);
  const error = stop.error ?? child.error;
  const success = child.status === 'success' && error === undefined;
  yield* keepMember(draft, part, iteration, child, error);
  if (stop.fails !== undefined) return stop.fails;
  if (!success && !skipsFailure(module, iteration))
    return error === undefined
      ? { success: false, result, retriable: child.status === 'failure' }
      : { ...faultEnd(error), retriable: true };
  const count = iteration + 1;
  if (stop.breaks || count === part.len) return { success: true, result: childrenRef(part, count) };
  return draft.save({ ...part, iteration: count });
}

function* keepMember(
  draft: Draft,
  part: ModulePart,
  iteration: number,
  child: ChildEnd,
  error: Fault | undefined,
): Step {
  const page = yield* draft.page(pageOf(part, iteration));
  draft.addMember(page, iteration, {
    success: child.status === 'success' && error === undefined,
    ...(error === undefined ? {} : { error }),
    ...(child.started_at === undefined ? {} : { started_at: child.started_at }),
    ...(child.duration_ms === undefined ? {} : { duration_ms: child.duration_ms }),
  });
}

type Break = { breaks: boolean; error?: Fault; fails?: ModuleEnd };

/** Whether the loop ends here: by a stop within the iteration, of its only step, or of the loop itself. */
function* stopOf(draft: Draft, module: FlowModule, part: ModulePart, child: ChildEnd): Step<Break> {
  if (child.status !== 'success' || !isLoop(module)) return { breaks: false };
  const iteration = part.iteration ?? 0;
  const result = childRef(part, iteration);
  const scope = { ...scopeOf(draft), iter: { module: module.id, attempt: part.attempt, index: iteration } };
  const run = runOf(module, part, iteration);
  const stepId = run.kind === 'step' ? run.step.id : module.id;
  const inner = yield* askStop(run.kind === 'step' ? run.step.stop_after_if : undefined, stepId, result, scope);
  if (inner.is === 'error') {
    const { name, message, step_id } = inner.error;
    return { breaks: false, error: { name, message, step_id } };
  }
  const own = yield* askStop(module.stop_after_if, module.id, result, scope);
  if (own.is === 'error')
    return { breaks: false, fails: { success: false, result: own.error, retriable: false, final: true } };
  return { breaks: child.stopped !== undefined || inner.is === 'stop' || own.is === 'stop' };
}
