import type { FlowModule } from '../model/flow-module.ts';
import type { Step } from './asks.ts';
import type { Command, Continue } from './commands.ts';
import type { FlowEvent } from './events.ts';
import {
  FLOW_PART,
  type FlowOutcome,
  type FlowPart,
  type Member,
  type ModulePart,
  modulePartName,
  type PagePart,
  type Part,
  pagePartName,
  partName,
} from './parts.ts';
import type { FlowPlan } from './plan.ts';

/** What one event leads to: parts to store, all or none of them, and then commands to do. */
export type Advance = { parts: Part[]; commands: Command[]; refused?: string };

/** Things that end without a job, one after the other, before an invocation of its own goes on with them. */
export const MOST_AT_ONCE = 25;

/** A flow job while it takes one event: the parts as they were read, the changes, and what is to be done. */
export class Draft {
  readonly plan: FlowPlan;
  readonly event: FlowEvent;
  readonly #parts = new Map<string, Part | undefined>();
  readonly #changed = new Map<string, Part>();
  readonly #commands: Command[] = [];
  #flow: FlowPart;
  #inline = 0;
  refused: string | undefined;

  constructor(plan: FlowPlan, flow: FlowPart, event: FlowEvent) {
    this.plan = plan;
    this.event = event;
    this.#flow = flow;
  }

  get now(): number {
    return this.event.now;
  }

  get flow(): FlowPart {
    return this.#flow;
  }

  setFlow(change: Partial<FlowPart>): void {
    this.#flow = { ...this.#flow, ...change };
    this.#changed.set(FLOW_PART, this.#flow);
  }

  /** The step that the flow is at; undefined: it is past the last. */
  current(): FlowModule | undefined {
    switch (this.#flow.at) {
      case 'preprocessor':
        return this.plan.preprocessor_module ?? undefined;
      case 'modules':
        return this.plan.modules[this.#flow.step];
      case 'failure':
        return this.plan.failure_module ?? undefined;
      case 'end':
        return undefined;
    }
  }

  *module(id: string): Step<ModulePart | undefined> {
    const part = yield* this.#read(modulePartName(id));
    return part?.part === 'module' ? part : undefined;
  }

  *page(key: Omit<PagePart, 'part' | 'members'>): Step<PagePart> {
    const part = yield* this.#read(pagePartName(key));
    return part?.part === 'page' ? part : { part: 'page', ...key, members: {} };
  }

  save<P extends ModulePart | PagePart>(part: P): P {
    this.#changed.set(partName(part), part);
    return part;
  }

  /** The page with one member more. */
  addMember(page: PagePart, index: number, member: Member): PagePart {
    return this.save({ ...page, members: { ...page.members, [index]: member } });
  }

  /** What is changed so far. */
  unstored(): Part[] {
    return [...this.#changed.values()];
  }

  command(command: Command): void {
    if (command.type === 'continue' && this.#commands.some(({ type }) => type === 'continue')) return;
    this.#commands.push(command);
  }

  /** Ends the flow job. */
  end(outcome: FlowOutcome): void {
    this.setFlow({ at: 'end', outcome, waiting: undefined });
  }

  /** Counts one more thing that was over without a job. True: it is enough for now, and the rest is asked for by `more`. */
  isEnough(more: Continue = { type: 'continue' }): boolean {
    this.#inline += 1;
    if (this.#inline <= MOST_AT_ONCE) return false;
    this.command(more);
    return true;
  }

  result(): Advance {
    return {
      parts: this.unstored(),
      commands: this.#commands,
      ...(this.refused === undefined ? {} : { refused: this.refused }),
    };
  }

  *#read(name: string): Step<Part | undefined> {
    const changed = this.#changed.get(name);
    if (changed !== undefined) return changed;
    if (!this.#parts.has(name)) {
      const answer = yield { ask: 'part', name };
      if (answer.is !== 'part') throw new Error(`the machine asked for ${name} and was answered ${answer.is}`);
      this.#parts.set(name, answer.part);
    }
    return this.#parts.get(name);
  }
}
