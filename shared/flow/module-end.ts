import type { FlowEvent } from './events.ts';
import type { Fault, Ref } from './parts.ts';

/** How a step ended. `stopped`: a stop_after_if within it ended more than itself. */
export type ModuleEnd =
  | { success: true; result: Ref; skipped?: boolean; stopped?: Stopped | undefined }
  /** `retriable`: it is worth another attempt. `final`: not even the failure module is asked. */
  | { success: false; result: Ref; retriable: boolean; final?: boolean };

/** What the flow counts as that was stopped. */
export type Stopped = 'success' | 'skipped';

/** How an iteration, a branch or a single step ended. `error`: it had no job, for this reason, or was failed by a stop_after_if. */
export type ChildEnd = {
  status: 'success' | 'failure' | 'canceled';
  error?: Fault;
  stopped?: Stopped;
  started_at?: number;
  duration_ms?: number;
};

/** `inner`: it was a list of modules of this flow; another flow keeps its early stop to itself. */
export const childEndOf = (event: FlowEvent & { type: 'child_finished' }, inner: boolean): ChildEnd => ({
  status: event.status === 'skipped' ? 'success' : event.status,
  ...(inner && event.stopped === true ? { stopped: event.status === 'skipped' ? 'skipped' : 'success' } : {}),
  ...(event.started_at === undefined ? {} : { started_at: event.started_at }),
  ...(event.duration_ms === undefined ? {} : { duration_ms: event.duration_ms }),
});

/** Ten of them may stand on one page; what an expression throws is as long as it likes. */
const LONGEST_MESSAGE = 1_000;

/** Something in the definition of a step came to nothing. */
export const faultOfStep = (step_id: string, message: string): Fault => ({
  name: 'FlowError',
  message: message.slice(0, LONGEST_MESSAGE),
  step_id,
});

/** Another attempt at the step would find such a fault again. One within a body counts like every failure of the body. */
export const faultEnd = (fault: Fault): ModuleEnd & { success: false } => ({
  success: false,
  result: { of: 'error', ...fault },
  retriable: false,
});
