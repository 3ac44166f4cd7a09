import type { StopAfterIf } from '../model/flow-step-options.ts';
import { evaluateTruth, type Scope, type Step } from './asks.ts';
import { faultOfStep, type Stopped } from './module-end.ts';
import type { Fault, Ref } from './parts.ts';

/** What a stop_after_if says: go on, stop, or fail with this. */
export type Stop =
  | { is: 'on' }
  | { is: 'stop'; as: Stopped }
  | { is: 'error'; error: Fault & { of: 'error'; result?: Ref } };

/** Asks a stop_after_if (or none) about a result. One that cannot be evaluated fails. */
export function* askStop(stop: StopAfterIf | null | undefined, step_id: string, result: Ref, scope: Scope): Step<Stop> {
  if (!stop) return { is: 'on' };
  const truth = yield* evaluateTruth('stop_after_if', stop.expr, { ...scope, result });
  if (!truth.ok) return { is: 'error', error: { of: 'error', ...faultOfStep(step_id, truth.reason) } };
  if (!truth.value) return { is: 'on' };
  if (stop.error_message === undefined || stop.error_message === null)
    return { is: 'stop', as: stop.skip_if_stopped === true ? 'skipped' : 'success' };
  const message = stop.error_message === '' ? `stopped early at step ${step_id}` : stop.error_message;
  const about = stop.error_include_result === true ? { result } : {};
  return { is: 'error', error: { of: 'error', name: 'EarlyStopError', message, step_id, ...about } };
}
