import type { InputTransform, InputTransforms } from '../model/flow-inputs.ts';
import type { Json } from '../model/json.ts';
import type { Iter } from './commands.ts';
import type { ChildKey, Part, Ref } from './parts.ts';

/** What an expression may name beside `flow_input`, `results`, `flow_env`, `resource()` and `variable()`, which it always may. */
export type Scope = {
  /** Parts that the event changed so far: newer than those that are stored. */
  unstored: readonly Part[];
  previous_result?: Ref;
  result?: Ref;
  /** `{"error": {...}}`, of which an expression sees `error`. */
  error?: Ref;
  /** `error.step_id`, for the failure module. */
  failed_module?: string;
  /** `flow_input.iter`. */
  iter?: Iter;
  /** `results.<id>` of a step within a whileloop, that had this value in the iteration before. */
  before?: { id: string; result: Ref };
  /** The approval step before: `resume`, `resumes` and `approvers`. */
  resumed?: { module: string; error?: string | undefined };
};

/**
 * What the machine asks while it takes one event. A driver answers at once, from the parts as they are stored and with
 * QuickJS; nothing is written in between, but for the items of a loop.
 */
export type Ask =
  /** The part of this name. */
  | { ask: 'part'; name: string }
  | { ask: 'evaluate'; input: InputTransform; scope: Scope }
  /** Evaluate the list that a loop goes through and keep its items, unless they are kept. */
  | { ask: 'items'; module: string; attempt: number; iterator: InputTransform; scope: Scope }
  /** Evaluate a child's arguments and hold them ready for its `start`. Nothing to do when its job is there already. */
  | { ask: 'args'; child: ChildKey; transforms: InputTransforms; scope: Scope };

export type Answer =
  | { is: 'part'; part: Part | undefined }
  | { is: 'value'; value: Json }
  /** Of `items`. */
  | { is: 'length'; length: number }
  /** Of `args`. */
  | { is: 'ready' }
  /** It came to nothing, and in one sentence why. */
  | { is: 'fault'; reason: string };

/** A piece of the machine: it asks by `yield`, and is deterministic in what it is answered. */
export type Step<T = void> = Generator<Ask, T, Answer>;

export type Evaluated<T = Json> = { ok: true; value: T } | { ok: false; reason: string };

export function* evaluate(input: InputTransform, scope: Scope): Step<Evaluated> {
  if (input.type === 'static' && !isReference(input.value)) return { ok: true, value: input.value ?? null };
  const answer = yield { ask: 'evaluate', input, scope };
  if (answer.is === 'value') return { ok: true, value: answer.value };
  return faultOf(answer);
}

/** `$var:...` and `$res:...` stand for what only a driver knows. */
const isReference = (value: Json | undefined): boolean => typeof value === 'string' && value.startsWith('$');

/** A number, not below `least`; anything else is a fault that names what it should be. */
export function* evaluateNumber(what: string, input: InputTransform, scope: Scope, least = 0): Step<Evaluated<number>> {
  const got = yield* evaluate(input, scope);
  if (!got.ok) return { ok: false, reason: `${what} could not be evaluated: ${got.reason}` };
  if (typeof got.value === 'number' && Number.isFinite(got.value) && got.value >= least)
    return { ok: true, value: got.value };
  return {
    ok: false,
    reason: `${what} must be a number of at least ${least}, and is ${JSON.stringify(got.value).slice(0, 100)}`,
  };
}

/** Whether an expression is true in JavaScript's sense; undefined or empty: false. */
export function* evaluateTruth(what: string, expr: string, scope: Scope): Step<Evaluated<boolean>> {
  const got = yield* evaluate({ type: 'javascript', expr }, scope);
  return got.ok
    ? { ok: true, value: Boolean(got.value) }
    : { ok: false, reason: `${what} could not be evaluated: ${got.reason}` };
}

/** The reason of a fault; any other answer here is a driver's mistake. */
export const faultOf = (answer: Answer): { ok: false; reason: string } => {
  if (answer.is !== 'fault') throw new Error(`the machine was answered ${answer.is} to something else`);
  return { ok: false, reason: answer.reason };
};
