import { advance } from '../../shared/flow/advance.ts';
import type { Answer, Ask, Scope } from '../../shared/flow/asks.ts';
import type { Command, Iter } from '../../shared/flow/commands.ts';
import type { Advance } from '../../shared/flow/draft.ts';
import type { FlowEvent } from '../../shared/flow/events.ts';
import { pageIndex } from '../../shared/flow/join.ts';
import {
  type ChildKey,
  childName,
  FLOW_PART,
  type NestedRestart,
  type Part,
  partName,
  type Ref,
} from '../../shared/flow/parts.ts';
import { type FlowPlan, innerPlan, mockOf } from '../../shared/flow/plan.ts';
import { restart } from '../../shared/flow/restart.ts';
import type { InputTransform } from '../../shared/model/flow-inputs.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/model/json.ts';

type FlowJob = {
  kind: 'flow';
  id: string;
  plan: FlowPlan;
  args: JsonObject;
  parts: Map<string, Part>;
  items: Map<string, Json[]>;
  parent?: { flow: string; child: ChildKey; inner: boolean } | undefined;
};
type Leaf = { address: string; run: number; args: JsonObject; due: number };
export type Ended = { status: 'success' | 'failure' | 'canceled' | 'skipped'; result: Json; stopped?: boolean };
type Untimed<E> = E extends FlowEvent ? Omit<E, 'now'> : never;
type Due = { flow: string; event: FlowEvent };

/** What a leaf job comes to: the n-th run (from 0) of a step at one place of the loops around it. */
export type Outcome = (run: Leaf, id: string) => { ok: boolean; value: Json };

/** The value of an expression, or a thrown error, in plain JavaScript. */
export const computed = (input: InputTransform, scope: Record<string, Json | undefined>): Json => {
  if (input.type === 'static') return input.value ?? null;
  const names = Object.keys(scope);
  return new Function(...names, `return (${input.expr})`)(...names.map((name) => scope[name])) ?? null;
};

/** The flow with what an event changed so far. */
const newest = (flow: FlowJob, { unstored }: Scope): FlowJob => ({
  ...flow,
  parts: new Map([...flow.parts, ...unstored.map((part) => [partName(part), part] as const)]),
});

/** A driver of the machine on maps: what is due stands in a list, and the test says in which order it happens. */
export class FlowWorld {
  readonly flows = new Map<string, FlowJob>();
  readonly ended = new Map<string, Ended>();
  readonly leaves = new Map<string, Leaf>();
  /** Leaf jobs as they ran: `step@iterations#run`. */
  readonly trace: string[] = [];
  readonly due: Due[] = [];
  readonly heard: Due[] = [];
  readonly answers: Json[] = [];
  readonly suspended: (Command & { type: 'suspend' })[] = [];
  readonly refusals: string[] = [];
  readonly flowsWithCanceledChildren: string[] = [];
  mostParts = 0;
  largestPart = 0;
  now = 1_000_000;
  readonly #runs = new Map<string, number>();
  readonly #outcome: Outcome;
  readonly #pending = new Map<string, JsonObject>();

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
  }

  start(plan: FlowPlan, args: JsonObject = {}, preprocess = false): void {
    this.#newFlow({ id: 'root', plan, args, preprocess });
  }

  /** Takes everything that is due, first come first served. */
  settle(): void {
    for (let next = this.due.shift(); next !== undefined; next = this.due.shift()) this.hear(next);
  }

  /** Stores what an event changes and does its commands; `cut`: it crashes after so many. Returns whether parts changed. */
  hear({ flow: id, event }: Due, cut = Number.POSITIVE_INFINITY): boolean {
    const flow = this.#flow(id);
    this.heard.push({ flow: id, event });
    const { parts, commands, refused } = this.#advance(flow, { ...event, now: this.now });
    this.mostParts = Math.max(this.mostParts, parts.length);
    for (const part of parts) {
      this.largestPart = Math.max(this.largestPart, JSON.stringify(part).length);
      flow.parts.set(partName(part), structuredClone(part));
    }
    if (refused !== undefined) this.refusals.push(refused);
    for (const command of commands.slice(0, cut)) this.#do(flow, command);
    return parts.length > 0;
  }

  /** One event for the root flow, and all that follows. */
  tell(event: Untimed<FlowEvent>, flow = 'root'): void {
    this.due.push({ flow, event: { now: this.now, ...event } as FlowEvent });
    this.settle();
  }

  result(id = 'root'): Ended | undefined {
    return this.ended.get(id);
  }

  part(name: string, id = 'root'): Part | undefined {
    return this.#flow(id).parts.get(name);
  }

  #flow(id: string): FlowJob {
    const flow = this.flows.get(id);
    if (flow === undefined) throw new Error(`no flow ${id}`);
    return flow;
  }

  /** Makes a flow job that goes on from what the root flow did. */
  restart(plan: FlowPlan, id: string, from: NestedRestart): string | undefined {
    const former = this.#flow('root');
    const module = (name: string) => {
      const part = former.parts.get(`module#${name}`);
      return part?.part === 'module' ? part : undefined;
    };
    const restarted = restart(plan, id, { id: former.id, module, input: undefined }, from);
    if (!restarted.ok) return restarted.reason;
    const parts = new Map(restarted.parts.map((part) => [partName(part), part]));
    this.flows.set(id, { kind: 'flow', id, plan, args: former.args, parts, items: new Map() });
    this.tell({ type: 'look' }, id);
    return undefined;
  }

  #newFlow(job: {
    id: string;
    plan: FlowPlan;
    args: JsonObject;
    parent?: FlowJob['parent'];
    preprocess?: boolean;
  }): void {
    const { preprocess = false, ...rest } = job;
    this.flows.set(job.id, { kind: 'flow', ...rest, parts: new Map(), items: new Map() });
    this.due.push({ flow: job.id, event: { type: 'started', id: job.id, preprocess, now: this.now } });
  }

  #advance(flow: FlowJob, event: FlowEvent): Advance {
    const known = flow.parts.get(FLOW_PART);
    const machine = advance(flow.plan, known?.part === 'flow' ? known : undefined, event);
    let step = machine.next({ is: 'part', part: undefined });
    while (!step.done) step = machine.next(this.#answer(flow, step.value));
    return step.value;
  }

  #answer(flow: FlowJob, ask: Ask): Answer {
    try {
      switch (ask.ask) {
        case 'part':
          return { is: 'part', part: structuredClone(flow.parts.get(ask.name)) };
        case 'evaluate':
          return { is: 'value', value: computed(ask.input, this.#scope(newest(flow, ask.scope), ask.scope)) };
        case 'items': {
          const items = computed(ask.iterator, this.#scope(newest(flow, ask.scope), ask.scope));
          if (!Array.isArray(items)) return { is: 'fault', reason: 'it is no array' };
          flow.items.set(`${ask.module}/${ask.attempt}`, items);
          return { is: 'length', length: items.length };
        }
        case 'args': {
          const id = `${flow.id}/${childName(ask.child)}`;
          if (this.#isThere(id)) return { is: 'ready' };
          const scope = this.#scope(newest(flow, ask.scope), ask.scope);
          const args = Object.entries(ask.transforms ?? {}).map(([name, input]) => [name, computed(input, scope)]);
          this.#pending.set(id, Object.fromEntries(args));
          return { is: 'ready' };
        }
      }
    } catch (error) {
      return { is: 'fault', reason: String(error) };
    }
  }

  #isThere(id: string): boolean {
    return this.leaves.has(id) || this.flows.has(id);
  }

  #do(flow: FlowJob, command: Command): void {
    switch (command.type) {
      case 'start':
        this.#start(flow, command);
        break;
      case 'continue':
        this.due.push({ flow: flow.id, event: { now: this.now, ...command } });
        break;
      case 'suspend':
        this.suspended.push(command);
        break;
      case 'answer':
        this.answers.push(computed({ type: 'javascript', expr: command.expr }, this.#scope(flow, { unstored: [] })));
        break;
      case 'cancel_children':
        this.flowsWithCanceledChildren.push(flow.id);
        break;
      case 'finish': {
        const { status, result, stopped } = command;
        if (this.ended.has(flow.id)) return;
        this.ended.set(flow.id, { status, result: this.resolve(flow, result), ...(stopped ? { stopped } : {}) });
        if (flow.parent === undefined) return;
        const { child, inner } = flow.parent;
        const more = inner && stopped ? { stopped } : {};
        const event: FlowEvent = { type: 'child_finished', child, status, now: this.now, ...more };
        this.due.push({ flow: flow.parent.flow, event });
      }
    }
  }

  #start(flow: FlowJob, { child, run, iter, scheduled_for }: Command & { type: 'start' }): void {
    const id = `${flow.id}/${childName(child)}`;
    if (this.#isThere(id)) return;
    const inner = this.#inputOf(flow, iter);
    if (run.kind === 'modules') {
      const parent = { flow: flow.id, child, inner: true };
      this.#newFlow({ id, plan: innerPlan(flow.plan, run), args: inner, parent });
    } else this.#runLeaf(flow, child, id, run.step.id, inner, scheduled_for);
  }

  #runLeaf(flow: FlowJob, child: ChildKey, id: string, step: string, inner: JsonObject, due: number): void {
    const iters = [inner.iters, inner.iter]
      .flat()
      .flatMap((each) => (isJsonObject(each ?? null) ? [(each as JsonObject).index] : []));
    const address = `${step}@${iters.join('.')}`;
    const count = this.#runs.get(address) ?? 0;
    this.#runs.set(address, count + 1);
    const leaf = { address, run: count, args: this.#pending.get(id) ?? {}, due };
    this.leaves.set(id, leaf);
    this.trace.push(`${address}#${count}`);
    const { ok, value } = this.#outcome(leaf, step);
    this.ended.set(id, ok ? { status: 'success', result: value } : { status: 'failure', result: { error: value } });
    const status = ok ? 'success' : 'failure';
    this.due.push({ flow: flow.id, event: { type: 'child_finished', child, status, now: this.now, duration_ms: 5 } });
  }

  /** `flow_input`, with the item of a loop; outer items stand in `iters`. */
  #inputOf(flow: FlowJob, iter: Iter | undefined): JsonObject {
    const flowPart = flow.parts.get(FLOW_PART);
    const made = flowPart?.part === 'flow' && flowPart.input ? this.resolve(flow, flowPart.input) : flow.args;
    const input = isJsonObject(made) ? made : {};
    if (iter === undefined) return input;
    const value = flow.items.get(`${iter.module}/${iter.attempt}`)?.[iter.index] ?? iter.index;
    const iters = [
      ...(Array.isArray(input.iters) ? input.iters : []),
      ...(input.iter === undefined ? [] : [input.iter]),
    ];
    return { ...input, iters, iter: { index: iter.index, value } };
  }

  #scope(flow: FlowJob, scope: Scope): Record<string, Json | undefined> {
    const results = { ...this.#resultsAround(flow), ...this.#resultsOf(flow) };
    if (scope.before !== undefined) results[scope.before.id] = this.resolve(flow, scope.before.result);
    const error = scope.error === undefined ? undefined : this.resolve(flow, scope.error);
    return {
      flow_input: this.#inputOf(flow, scope.iter),
      results,
      previous_result: scope.previous_result && this.resolve(flow, scope.previous_result, scope.iter),
      result: scope.result && this.resolve(flow, scope.result),
      error: isJsonObject(error ?? null) ? (error as JsonObject).error : undefined,
      resume: scope.resumed === undefined ? undefined : (scope.resumed.error ?? 'approved'),
    };
  }

  /** What the steps before those around a flow job gave. */
  #resultsAround({ parent }: FlowJob): JsonObject {
    if (parent === undefined) return {};
    const around = this.#flow(parent.flow);
    const results = { ...this.#resultsAround(around), ...this.#resultsOf(around) };
    const { module, iteration, attempt } = parent.child;
    const isWhile = around.plan.modules.some(({ id, value }) => id === module && value.type === 'whileloopflow');
    if (!isWhile || iteration === 0) return results;
    const before = this.#flow(`${around.id}/${childName({ module, iteration: iteration - 1, attempt })}`);
    return { ...results, ...this.#resultsOf(before) };
  }

  #resultsOf(flow: FlowJob): JsonObject {
    const results: JsonObject = {};
    for (const { id } of flow.plan.modules) {
      const part = flow.parts.get(`module#${id}`);
      if (part?.part === 'module' && part.result !== undefined) results[id] = this.resolve(flow, part.result);
    }
    return results;
  }

  resolve(flow: FlowJob, ref: Ref, iter?: Iter): Json {
    switch (ref.of) {
      case 'input':
        return this.#inputOf(flow, iter);
      case 'value':
        return ref.value;
      case 'mock':
        return mockOf(flow.plan, ref.module);
      case 'child':
        return this.ended.get(`${ref.flow ?? flow.id}/${childName(ref.child)}`)?.result ?? null;
      case 'children':
        return Array.from({ length: ref.count }, (_, iteration) => this.#member(flow, ref, iteration));
      case 'error': {
        const { of, result, ...error } = ref;
        const about = result === undefined ? {} : { result: this.resolve(flow, result) };
        return { error: JSON.parse(JSON.stringify({ ...error, ...about })) };
      }
    }
  }

  #member(
    flow: FlowJob,
    { module, attempt, inherited, pages, flow: former }: Ref & { of: 'children' },
    iteration: number,
  ): Json {
    const from = inherited?.find(({ below }) => iteration < below);
    const owner = from === undefined ? this.#flow(former ?? flow.id) : this.#flow(from.flow);
    const of = from?.attempt ?? attempt;
    const page = owner.parts.get(`page#${module}#${of}#0#${pageIndex(pages, iteration)}`);
    const error = page?.part === 'page' ? page.members[iteration]?.error : undefined;
    if (error !== undefined) return { error };
    return this.ended.get(`${owner.id}/${childName({ module, iteration, attempt: of })}`)?.result ?? null;
  }
}
