import { advance } from '../flow/advance.ts';
import type { Answer, Ask, Scope } from '../flow/asks.ts';
import type { Command } from '../flow/commands.ts';
import type { Advance } from '../flow/draft.ts';
import type { FlowEvent } from '../flow/events.ts';
import { childName, FLOW_PART, type Part, partName } from '../flow/parts.ts';
import { unreachable } from '../model/errors.ts';
import type { JobKey } from '../model/job.ts';
import type { JsonObject } from '../model/json.ts';
import { type ExpressionDeps, FlowExpressions } from './flow-expressions.ts';
import type { FlowChildren, FlowCommands, FlowItemStore, FlowJob, FlowPartStore } from './flow-ports.ts';
import { childId, FlowResults } from './flow-results.ts';

export type FlowDeps = ExpressionDeps & {
  parts: FlowPartStore;
  items: FlowItemStore;
  children: FlowChildren;
  commands: FlowCommands;
};

/** How often others may change a flow job under our hands before that is taken for a fault. */
const MOST_LOOKS = 50;

/**
 * Lets a flow job hear an event (docs/flows.md): its parts are stored all or none, then its commands are done. When this throws
 * the event must be heard again; hearing it twice is harmless. `refused`: why an approval was not taken.
 */
export const advanceFlow = async (
  deps: FlowDeps,
  flow: FlowJob,
  event: FlowEvent,
): Promise<{ refused: string | undefined }> => {
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const look = new Look(deps, flow);
    const { parts, commands, refused } = await look.take(event);
    const changes = parts.map((part) => ({ part, seen: look.seen(partName(part)) }));
    if (changes.length > 0 && !(await deps.parts.write(flow, changes))) continue;
    // Children do not wait for each other; what comes after them says that they were started.
    await Promise.all(commands.map((command) => command.type === 'start' && obey(deps, flow, command, look)));
    for (const command of commands) if (command.type !== 'start') await obey(deps, flow, command, look);
    return { refused };
  }
  throw new Error(`flow job ${flow.id} never stood still`);
};

/** One reading of the parts, from which one event is taken. */
class Look {
  readonly #deps: FlowDeps;
  readonly #flow: FlowJob;
  readonly #read = new Map<string, Promise<{ part: Part; rev: number } | undefined>>();
  readonly #revs = new Map<string, number>();
  readonly args = new Map<string, JsonObject>();
  #unstored = new Map<string, Part>();
  readonly results: FlowResults;
  readonly #expressions: FlowExpressions;

  constructor(deps: FlowDeps, flow: FlowJob) {
    this.#deps = deps;
    this.#flow = flow;
    this.results = new FlowResults(deps, (of, name) => this.#part(of, name));
    this.#expressions = new FlowExpressions(deps, this.results);
  }

  /** The revision of a part that was read; 0: there was none. */
  seen(name: string): number {
    return this.#revs.get(name) ?? 0;
  }

  async take(event: FlowEvent): Promise<Advance> {
    const flow = await this.#part(this.#flow, FLOW_PART);
    const machine = advance(this.#flow.plan, flow?.part === 'flow' ? flow : undefined, event);
    let step = machine.next({ is: 'part', part: undefined });
    while (!step.done) step = machine.next(await this.#answer(step.value));
    this.#unstored = new Map(step.value.parts.map((part) => [partName(part), part]));
    return step.value;
  }

  evaluate(expr: string): ReturnType<FlowExpressions['evaluate']> {
    return this.#expressions.evaluate(this.#flow, { type: 'javascript', expr }, { unstored: [] });
  }

  async #part(of: JobKey, name: string): Promise<Part | undefined> {
    const own = of.id === this.#flow.id;
    const unstored = own ? this.#unstored.get(name) : undefined;
    if (unstored !== undefined) return unstored;
    const key = `${of.id} ${name}`;
    const reading = this.#read.get(key) ?? this.#deps.parts.read(of, name);
    this.#read.set(key, reading);
    const found = await reading;
    if (own && found !== undefined) this.#revs.set(name, found.rev);
    return found?.part;
  }

  #use({ unstored }: Scope): void {
    this.#unstored = new Map(unstored.map((part) => [partName(part), part]));
  }

  async #answer(ask: Ask): Promise<Answer> {
    switch (ask.ask) {
      case 'part':
        this.#unstored = new Map();
        return { is: 'part', part: await this.#part(this.#flow, ask.name) };
      case 'evaluate': {
        this.#use(ask.scope);
        const value = await this.#expressions.evaluate(this.#flow, ask.input, ask.scope);
        return value.ok ? { is: 'value', value: value.value } : { is: 'fault', reason: value.reason };
      }
      case 'items':
        return this.#items(ask);
      case 'args':
        return this.#args(ask);
      default:
        return unreachable(ask);
    }
  }

  async #items({ module, attempt, iterator, scope }: Ask & { ask: 'items' }): Promise<Answer> {
    this.#use(scope);
    const items = await this.#expressions.evaluate(this.#flow, iterator, scope);
    if (!items.ok) return { is: 'fault', reason: items.reason };
    if (!Array.isArray(items.value)) return { is: 'fault', reason: 'it is no array' };
    return { is: 'length', length: await this.#deps.items.keep(this.#flow, { module, attempt }, items.value) };
  }

  async #args({ child, transforms, scope }: Ask & { ask: 'args' }): Promise<Answer> {
    const { workspace } = this.#flow;
    if (await this.#deps.children.exists({ workspace, id: await childId(this.#flow, child) })) return { is: 'ready' };
    this.#use(scope);
    const args: JsonObject = {};
    for (const [name, input] of Object.entries(transforms ?? {})) {
      const value = await this.#expressions.evaluate(this.#flow, input, scope);
      if (!value.ok) return { is: 'fault', reason: `input ${name} could not be evaluated: ${value.reason}` };
      args[name] = value.value;
    }
    this.args.set(childName(child), args);
    return { is: 'ready' };
  }
}

const obey = async (deps: FlowDeps, flow: FlowJob, command: Command, look: Look): Promise<void> => {
  switch (command.type) {
    case 'start':
      return startChild(deps, flow, command, look.args.get(childName(command.child)));
    case 'continue':
      return deps.commands.later(flow, command, undefined);
    case 'suspend':
      await deps.commands.suspend(flow, command);
      return command.until === undefined ? undefined : deps.commands.later(flow, { type: 'timer' }, command.until);
    case 'answer': {
      const value = await look.evaluate(command.expr);
      return deps.commands.answer(
        flow,
        value.ok ? value.value : { error: { name: 'FlowError', message: value.reason } },
      );
    }
    case 'cancel_children':
      return deps.commands.cancelChildren(flow);
    case 'finish':
      return deps.commands.finish(flow, command, await look.results.value(flow, command.result));
    default:
      return unreachable(command);
  }
};

/** A step without arguments is there already. */
const startChild = async (
  { commands }: FlowDeps,
  flow: FlowJob,
  command: Command & { type: 'start' },
  args: JsonObject | undefined,
): Promise<void> => {
  if (command.run.kind === 'step' && args === undefined) return;
  await commands.start(flow, await childId(flow, command.child), command, args);
};
