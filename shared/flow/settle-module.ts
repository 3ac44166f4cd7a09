import { asTransform } from '../model/flow-inputs.ts';
import type { FlowModule } from '../model/flow-module.ts';
import { nextTryInMs } from '../model/retry.ts';
import { suspendAfter } from './approvals.ts';
import { evaluateNumber, evaluateTruth, type Step } from './asks.ts';
import type { Draft } from './draft.ts';
import { answerEarly } from './early-return.ts';
import { faultEnd, faultOfStep, type ModuleEnd, type Stopped } from './module-end.ts';
import type { ModulePart, Ref } from './parts.ts';
import { isLoop } from './plan.ts';
import { scopeOf } from './start-child.ts';
import { askStop } from './stop.ts';

/** Takes the end of the current step: another attempt, the next step, a wait for approvals, the failure module, or the end. */
export function* settleModule(draft: Draft, module: FlowModule, part: ModulePart, end: ModuleEnd): Step {
  if (!end.success) return yield* settleFailure(draft, module, part, end);
  if (draft.flow.at !== 'modules') return settleOutside(draft, part, end.result);
  const after = end.skipped ? {} : yield* afterStep(draft, module, end);
  if ('fault' in after) return yield* settleFailure(draft, module, part, after.fault);
  const done = draft.save({ ...part, state: 'Success', result: end.result, ...(end.skipped ? { skipped: true } : {}) });
  draft.setFlow({ previous: end.result, resumed: undefined, not_before: notBefore(draft, after.sleep_ms) });
  const stopped = end.stopped ?? after.stopped;
  if (stopped !== undefined) return draft.end({ status: stopped, result: end.result, stopped: true });
  answerEarly(draft, module);
  if (module.suspend && done.approval && !end.skipped) suspendAfter(draft, done, done.approval, module.suspend);
  else draft.setFlow({ step: draft.flow.step + 1 });
}

type After = { fault: ModuleEnd & { success: false } } | { stopped?: Stopped; sleep_ms?: number };

/** What a step that ran asks for after it: to stop, or to sleep. A loop's own stop_after_if was asked by its iterations. */
function* afterStep(draft: Draft, module: FlowModule, { result }: ModuleEnd): Step<After> {
  const stop = isLoop(module) ? module.stop_after_all_iters_if : module.stop_after_if;
  const stopped = yield* askStop(stop, module.id, result, scopeOf(draft));
  if (stopped.is === 'error')
    return { fault: { success: false, result: stopped.error, retriable: false, final: true } };
  if (stopped.is === 'stop') return { stopped: stopped.as };
  if (module.sleep === undefined || module.sleep === null) return {};
  const seconds = yield* evaluateNumber('sleep', asTransform(module.sleep), { ...scopeOf(draft), result });
  return seconds.ok ? { sleep_ms: seconds.value * 1000 } : { fault: faultEnd(faultOfStep(module.id, seconds.reason)) };
}

const notBefore = ({ flow, now }: Draft, sleepMs = 0): number | undefined => {
  const at = Math.max(flow.not_before ?? 0, sleepMs === 0 ? 0 : now + sleepMs);
  return at > now ? at : undefined;
};

/** The preprocessor makes the arguments of the flow; the failure module makes the result of a failed one. */
const settleOutside = (draft: Draft, part: ModulePart, result: Ref): void => {
  draft.save({ ...part, state: 'Success', result });
  if (draft.flow.at === 'failure') draft.end({ status: 'failure', result });
  else draft.setFlow({ at: 'modules', step: 0, input: result, not_before: undefined });
};

function* settleFailure(draft: Draft, module: FlowModule, part: ModulePart, end: ModuleEnd & { success: false }): Step {
  const { at } = draft.flow;
  const waitMs = end.retriable ? yield* nextAttemptInMs(draft, module, part, end.result) : undefined;
  if (waitMs !== undefined) {
    const { id, attempt, approvers, disapproved_by } = part;
    draft.save({ part: 'module', id, state: 'Waiting', attempt: attempt + 1, approvers, disapproved_by });
    return draft.setFlow({ not_before: draft.now + waitMs });
  }
  draft.save({ ...part, state: 'Failure', result: end.result });
  if (at === 'modules' && end.final !== true) {
    if (module.continue_on_error) {
      draft.setFlow({ previous: end.result, resumed: undefined, step: draft.flow.step + 1, not_before: undefined });
      return answerEarly(draft, module);
    }
    if (draft.plan.failure_module)
      return draft.setFlow({ at: 'failure', failed_module: module.id, previous: end.result, not_before: undefined });
  }
  draft.end({ status: 'failure', result: end.result });
}

/** A retry_if that cannot be evaluated does not ask for another attempt. */
function* nextAttemptInMs(draft: Draft, module: FlowModule, part: ModulePart, result: Ref): Step<number | undefined> {
  if (!module.retry) return undefined;
  const waitMs = nextTryInMs(module.retry, part.attempt, randomOf(`${draft.flow.id}/${part.id}/${part.attempt}`));
  const condition = module.retry.retry_if?.expr;
  if (waitMs === undefined || condition === undefined) return waitMs;
  const again = yield* evaluateTruth('retry_if', condition, { ...scopeOf(draft), result, error: result });
  return again.ok && again.value ? waitMs : undefined;
}

/** In [0, 1), always the same for the same text: FNV-1a. */
const randomOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash / 2 ** 32;
};
