import type { Command, Continue } from '../flow/commands.ts';
import type { ChildKey, Part } from '../flow/parts.ts';
import type { FlowPlan } from '../flow/plan.ts';
import type { JobKey } from '../model/job.ts';
import type { Json, JsonObject } from '../model/json.ts';

/** A flow job as its driver needs it. */
export type FlowJob = JobKey & {
  plan: FlowPlan;
  /** Arguments of the outermost flow job; those of one within a loop are the same and `iter`. */
  args: () => Promise<JsonObject>;
  /** `flow_env` of the definition. */
  env: JsonObject;
  /** Of the flow job of a list within a module: the flow job around it, and which child of that it is. */
  around?: { flow: FlowJob; child: ChildKey };
};

/** The parts of a flow job. `rev` grows with every write. */
export interface FlowPartStore {
  /** A strongly consistent read. */
  read(flow: JobKey, name: string): Promise<{ part: Part; rev: number } | undefined>;
  /** All or none. `seen`: the revision that was read, 0 for none. False: one of them is another by now. */
  write(flow: JobKey, changes: { part: Part; seen: number }[]): Promise<boolean>;
}

/** The items that loops go through, one attempt of a loop each. */
export interface FlowItemStore {
  /** Keeps them unless others are kept already, and answers how many are kept. */
  keep(flow: JobKey, loop: { module: string; attempt: number }, items: Json[]): Promise<number>;
  /** Undefined: there is no such item. Throws when no items of this loop are kept. */
  get(flow: JobKey, loop: { module: string; attempt: number }, index: number): Promise<Json | undefined>;
}

/** What a flow job knows of its children. */
export interface FlowChildren {
  exists(job: JobKey): Promise<boolean>;
  /** Undefined: it has no result (yet). */
  result(job: JobKey): Promise<Json | undefined>;
}

/** What expressions may ask for by path, with the rights of the flow job. */
export interface FlowReferences {
  variable(flow: FlowJob, path: string): Promise<Json>;
  resource(flow: FlowJob, path: string): Promise<Json>;
  /** What was sent with the approvals of a step, newest last. */
  approvals(flow: FlowJob, module: string): Promise<{ approver: string; payload: Json }[]>;
}

/** The commands of the machine. Each may come twice and must then be harmless. */
export interface FlowCommands {
  /** `args`: what a step is given. A flow job of a list has those of its flow, and needs none. */
  start(flow: FlowJob, id: string, command: Command & { type: 'start' }, args: JsonObject | undefined): Promise<void>;
  /** Lets the flow hear an event later: at once, or at `at` (milliseconds since 1970). */
  later(flow: FlowJob, event: Continue | { type: 'timer' }, at: number | undefined): Promise<void>;
  /** The flow waits for so many approvals. */
  suspend(flow: FlowJob, command: Command & { type: 'suspend' }): Promise<void>;
  answer(flow: FlowJob, result: Json): Promise<void>;
  cancelChildren(flow: FlowJob): Promise<void>;
  finish(flow: FlowJob, command: Command & { type: 'finish' }, result: Json): Promise<void>;
}
