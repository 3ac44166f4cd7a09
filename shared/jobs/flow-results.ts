import type { Iter } from '../flow/commands.ts';
import { pageIndex } from '../flow/join.ts';
import {
  type ChildKey,
  childName,
  FLOW_PART,
  type ModulePart,
  modulePartName,
  type Part,
  pagePartName,
  type Ref,
} from '../flow/parts.ts';
import { innerPlan, isLoop, mockOf, runOf } from '../flow/plan.ts';
import { type FlowModule, innerLists } from '../model/flow-module.ts';
import { uuidV5 } from '../model/ids.ts';
import type { JobKey } from '../model/job.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import type { FlowChildren, FlowItemStore, FlowJob } from './flow-ports.ts';

/** The id of a child of a flow job. */
export const childId = (flow: Pick<JobKey, 'id'>, child: ChildKey): Promise<string> =>
  uuidV5(flow.id, childName(child));

/** The flow job of one iteration or branch of a module. */
export const childFlow = async (flow: FlowJob, child: ChildKey, list: number): Promise<FlowJob> => ({
  workspace: flow.workspace,
  id: await childId(flow, child),
  plan: innerPlan(flow.plan, { module: child.module, list }),
  args: flow.args,
  env: flow.env,
  around: { flow, child },
});

/** Reads a part of any flow job, as it is meant to be after the event that is being taken. */
export type ReadPart = (flow: JobKey, name: string) => Promise<Part | undefined>;

/** Results fetched at a time for a list. */
const AT_ONCE = 25;

/** Finds values by reference, and results of steps by their id: in the flow job, around it, and in what ran within its steps. */
export class FlowResults {
  readonly #deps: { children: FlowChildren; items: FlowItemStore };
  readonly #read: ReadPart;

  constructor(deps: { children: FlowChildren; items: FlowItemStore }, read: ReadPart) {
    this.#deps = deps;
    this.#read = read;
  }

  async value(flow: FlowJob, ref: Ref, iter?: Iter): Promise<Json> {
    switch (ref.of) {
      case 'input':
        return this.input(flow, iter);
      case 'value':
        return ref.value;
      case 'mock':
        return mockOf(flow.plan, ref.module);
      case 'child':
        return this.#child(flow, ref.flow, ref.child);
      case 'children':
        return this.#children(flow, ref);
      case 'error': {
        const { name, message, step_id, result } = ref;
        const step = step_id === undefined ? {} : { step_id };
        const about = result === undefined ? {} : { result: await this.value(flow, result, iter) };
        return { error: { name, message, ...step, ...about } };
      }
    }
  }

  /** `flow_input` of a flow job, or of the child of it that `iter` is about. */
  async input(flow: FlowJob, iter?: Iter): Promise<JsonObject> {
    const own = await this.#ownInput(flow);
    if (iter === undefined) return own;
    const module = flow.plan.modules.find(({ id }) => id === iter.module);
    const kept = module?.value.type === 'forloopflow' ? await this.#deps.items.get(flow, iter, iter.index) : undefined;
    const outer = own.iter === undefined ? {} : { parent: own.iter };
    return { ...own, iter: { index: iter.index, value: kept ?? iter.index, ...outer } };
  }

  async #ownInput(flow: FlowJob): Promise<JsonObject> {
    if (flow.around !== undefined) {
      const { flow: outer, child } = flow.around;
      const module = outer.plan.modules.find(({ id }) => id === child.module);
      const { attempt, iteration: index } = child;
      return this.input(outer, module && isLoop(module) ? { module: child.module, attempt, index } : undefined);
    }
    const part = await this.#read(flow, FLOW_PART);
    const made = part?.part === 'flow' && part.input !== undefined ? await this.value(flow, part.input) : undefined;
    return made !== undefined && isJsonObject(made) ? made : flow.args();
  }

  /** What the step of this id gave; undefined: none of this id has ended. */
  async ofStep(flow: FlowJob, id: string): Promise<Json | undefined> {
    const own = await this.#ofOwn(flow, id, undefined);
    if (own !== undefined || flow.around === undefined) return own;
    const { flow: outer, child } = flow.around;
    return (await this.#before(outer, child, id)) ?? this.#ofOuter(outer, child.module, id);
  }

  async #ofOuter(flow: FlowJob, inside: string, id: string): Promise<Json | undefined> {
    const own = await this.#ofOwn(flow, id, inside);
    if (own !== undefined || flow.around === undefined) return own;
    return this.#ofOuter(flow.around.flow, flow.around.child.module, id);
  }

  /** In a whileloop: what the step gave in the iteration before. */
  async #before(flow: FlowJob, child: ChildKey, id: string): Promise<Json | undefined> {
    const module = flow.plan.modules.find((each) => each.id === child.module);
    if (module?.value.type !== 'whileloopflow' || child.iteration === 0) return undefined;
    const before = await childFlow(flow, { ...child, iteration: child.iteration - 1 }, 0);
    return this.#ofOwn(before, id, undefined);
  }

  /** A step of the flow job, or one within a step of it but `inside`, which is the one that is asking. */
  async #ofOwn(flow: FlowJob, id: string, inside: string | undefined): Promise<Json | undefined> {
    const holder = flow.plan.modules.find((module) => module.id !== inside && holds(module, id));
    if (holder === undefined) return undefined;
    const part = await this.#module(flow, holder.id);
    if (part?.result === undefined) return undefined;
    return holder.id === id ? this.value(flow, part.result) : this.#within(flow, holder, part, id);
  }

  /** Of a step within a loop: a list with what each iteration gave. */
  async #within(flow: FlowJob, holder: FlowModule, part: ModulePart, id: string): Promise<Json | undefined> {
    if (!isLoop(holder)) {
      const branch = innerLists(holder).findIndex((list) => list.some((module) => holds(module, id)));
      if (holder.value.type === 'branchone' && branch !== part.branch) return undefined;
      return this.#inChild(flow, holder, part, holder.value.type === 'branchall' ? branch : 0, id);
    }
    const count = part.result?.of === 'children' ? part.result.count : 0;
    return inTurn(count, async (iteration) => (await this.#inChild(flow, holder, part, iteration, id)) ?? null);
  }

  async #inChild(
    flow: FlowJob,
    holder: FlowModule,
    part: ModulePart,
    iteration: number,
    id: string,
  ): Promise<Json | undefined> {
    const child = { module: holder.id, iteration, attempt: part.attempt };
    const from = part.inherited?.find(({ below }) => iteration < below);
    const owner = { ...flow, id: from?.flow ?? part.flow ?? flow.id };
    const run = runOf(holder, part, iteration);
    const key = { ...child, attempt: from?.attempt ?? part.attempt };
    return run.kind === 'step'
      ? this.#deps.children.result({ workspace: flow.workspace, id: await childId(owner, key) })
      : this.#ofOwn(await childFlow(owner, key, run.list), id, undefined);
  }

  async #module(flow: JobKey, id: string): Promise<ModulePart | undefined> {
    const part = await this.#read(flow, modulePartName(id));
    return part?.part === 'module' ? part : undefined;
  }

  async #child(flow: FlowJob, owner: string | undefined, child: ChildKey): Promise<Json> {
    const id = await childId({ id: owner ?? flow.id }, child);
    return (await this.#deps.children.result({ workspace: flow.workspace, id })) ?? null;
  }

  #children(flow: FlowJob, ref: Ref & { of: 'children' }): Promise<Json[]> {
    return inTurn(ref.count, async (iteration) => {
      const from = ref.inherited?.find(({ below }) => iteration < below);
      const owner = from?.flow ?? ref.flow ?? flow.id;
      const child = { module: ref.module, iteration, attempt: from?.attempt ?? ref.attempt };
      const error = await this.#fault({ workspace: flow.workspace, id: owner }, child, ref.pages);
      return error === undefined ? this.#child(flow, owner, child) : { error };
    });
  }

  async #fault(
    flow: JobKey,
    { module, iteration, attempt }: ChildKey,
    pages: number | undefined,
  ): Promise<JsonObject | undefined> {
    const index = pageIndex(pages, iteration);
    const page = await this.#read(flow, pagePartName({ module, attempt, level: 0, index }));
    return page?.part === 'page' ? page.members[iteration]?.error : undefined;
  }
}

const holds = (module: FlowModule, id: string): boolean =>
  module.id === id || innerLists(module).some((list) => list.some((inner) => holds(inner, id)));

/** A list of `count` values, some at a time. */
const inTurn = async (count: number, value: (index: number) => Promise<Json>): Promise<Json[]> => {
  const values: Json[] = [];
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => value(from + index));
    values.push(...(await Promise.all(some)));
  }
  return values;
};
