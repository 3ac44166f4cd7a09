import { z } from 'zod';

/**
 * What happens to a matching call:
 * - `refuse`: the service never sees it; the caller gets this error.
 * - `cut-before`: the connection is cut and the service never sees it.
 * - `drop-answer`: the service acts, then the connection is cut: a lost reply.
 * - `duplicate`: the service acts twice, and the second answer is given: a message that arrives twice.
 * - `delay`: the call waits `ms` before the service sees it.
 * - `throttle`: refused as that service throttles.
 * - `kill-before`, `kill-after`: the environment that calls is killed before or after the service acts.
 * - `redeliver`: every message that is being worked on is delivered once more, while the call goes on.
 */
export const FaultAction = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('refuse'),
    status: z.number().int().default(500),
    code: z.string().default('InternalServerError'),
  }),
  z.object({ kind: z.literal('cut-before') }),
  z.object({ kind: z.literal('drop-answer') }),
  z.object({ kind: z.literal('duplicate') }),
  z.object({ kind: z.literal('delay'), ms: z.number().min(0) }),
  z.object({ kind: z.literal('throttle') }),
  z.object({ kind: z.literal('kill-before') }),
  z.object({ kind: z.literal('kill-after') }),
  z.object({ kind: z.literal('redeliver') }),
]);
export type FaultAction = z.infer<typeof FaultAction>;

/** Which calls: every given field must match. `function` is a function's name or its last word, `resource` part of an ARN. */
export const Fault = z.object({
  service: z.string().optional(),
  operation: z.string().optional(),
  function: z.string().optional(),
  resource: z.string().optional(),
  /** Strikes at the nth matching call, counted from 1. Absent: at every one. */
  nth: z.number().int().positive().optional(),
  /** Strikes at every so-manieth matching call. */
  every: z.number().int().positive().optional(),
  action: FaultAction,
});
export type Fault = z.infer<typeof Fault>;

/** One call that passed the gateway, in order of arrival. */
export type TracedCall = { function: string; service: string; operation: string; resources: string[] };

const maxTrace = 50_000;

const matches = (fault: Fault, call: TracedCall): boolean =>
  (fault.service === undefined || fault.service === call.service) &&
  (fault.operation === undefined || fault.operation === call.operation) &&
  (fault.function === undefined || call.function === fault.function || call.function.endsWith(`-${fault.function}`)) &&
  (fault.resource === undefined || call.resources.some((arn) => arn.includes(fault.resource ?? '')));

/** The faults tests asked for, and a trace of the calls that passed while somebody was tracing. */
export class Faults {
  #faults: { fault: Fault; seen: number; told: () => void }[] = [];
  #trace: TracedCall[] | undefined;

  /** True when no call needs to be looked at: the hot path's way out. */
  get idle(): boolean {
    return this.#faults.length === 0 && this.#trace === undefined;
  }

  /** Returns how to remove this fault again; `told` hears of every strike. */
  add(fault: Fault, told: () => void = () => {}): () => void {
    const entry = { fault, seen: 0, told };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#faults = [];
  }

  list(): Fault[] {
    return this.#faults.map((entry) => entry.fault);
  }

  startTrace(): void {
    this.#trace = [];
  }

  /** The calls since `startTrace`, oldest first (at most 50,000), and stops. */
  stopTrace(): TracedCall[] {
    const trace = this.#trace ?? [];
    this.#trace = undefined;
    return trace;
  }

  /** Notes the call and returns the actions that strike it, in the order they were added. */
  strike(call: TracedCall): FaultAction[] {
    if (this.#trace !== undefined && this.#trace.length < maxTrace) this.#trace.push(call);
    const struck: FaultAction[] = [];
    for (const entry of this.#faults) {
      if (!matches(entry.fault, call)) continue;
      entry.seen += 1;
      if (entry.fault.nth !== undefined && entry.fault.nth !== entry.seen) continue;
      if (entry.fault.every !== undefined && entry.seen % entry.fault.every !== 0) continue;
      struck.push(entry.fault.action);
      entry.told();
    }
    return struck;
  }
}
