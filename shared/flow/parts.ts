import { z } from 'zod';
import { Json } from '../model/json.ts';

/*
 * The status of a flow job, in parts that are stored apart: one `flow`, one `module` for each step that was begun, and pages
 * of iterations. Each is small and stays small, so that an iteration of a loop rewrites a few hundred bytes however long
 * the loop is. Times are milliseconds since 1970.
 */

/** Which child job of a flow: a step that is one job has iteration 0; `attempt` is that of the step, and grows with each retry. */
export const ChildKey = z.object({ module: z.string(), iteration: z.number().int(), attempt: z.number().int() });
export type ChildKey = z.infer<typeof ChildKey>;

/** The name of a child within its flow job; the UUIDv5 of (flow job, name) is its id. */
export const childName = ({ module, iteration, attempt }: ChildKey): string => `${module}/${attempt}/${iteration}`;

/** Iterations below `below` (and not below an earlier entry) were run by another flow job, which this one was restarted from. */
const Inherited = z.object({ flow: z.string(), attempt: z.number().int(), below: z.number().int() });

/** Where a value is. Results may be large, so that the machine only ever hands on where they are. */
export type Ref =
  /** `flow_input`: the arguments of the flow job, and for an iteration its `iter`. */
  | { of: 'input' }
  | { of: 'value'; value: Json }
  /** The `return_value` of a step's mock: as large as its author likes, so it stays in the definition. */
  | { of: 'mock'; module: string }
  /** The result of a child, of this flow job or of the one that it was restarted from. */
  | { of: 'child'; child: ChildKey; flow?: string | undefined }
  /** The list of the results of a loop's iterations or a branchall's branches; where a page knows an error, that. */
  | {
      of: 'children';
      module: string;
      attempt: number;
      count: number;
      flow?: string | undefined;
      /** As of the step. */
      pages?: number | undefined;
      inherited?: z.infer<typeof Inherited>[] | undefined;
    }
  /** `{"error": {...}}` of a fault that no child had; `result` is what it is about. */
  | { of: 'error'; name: string; message: string; step_id?: string | undefined; result?: Ref | undefined };
export const Ref: z.ZodType<Ref> = z.lazy(() =>
  z.discriminatedUnion('of', [
    z.object({ of: z.literal('input') }),
    z.object({ of: z.literal('value'), value: Json }),
    z.object({ of: z.literal('mock'), module: z.string() }),
    z.object({ of: z.literal('child'), child: ChildKey, flow: z.string().optional() }),
    z.object({
      of: z.literal('children'),
      module: z.string(),
      attempt: z.number().int(),
      count: z.number().int(),
      flow: z.string().optional(),
      pages: z.number().int().optional(),
      inherited: z.array(Inherited).optional(),
    }),
    z.object({
      of: z.literal('error'),
      name: z.string(),
      message: z.string(),
      step_id: z.string().optional(),
      result: Ref.optional(),
    }),
  ]),
);

/** An approval. Groups are kept only while it is not decided which step it is for. */
const Approval = z.object({
  resume_id: z.number(),
  approver: z.string(),
  authenticated: z.boolean(),
  launcher: z.boolean(),
  groups: z.array(z.string()).optional(),
});
export type Approval = z.infer<typeof Approval>;

/** Where to go on in a flow job that is restarted from another, inside of the step that it is restarted from. */
export type NestedRestart = {
  step_id: string;
  branch_or_iteration_n?: number | undefined;
  nested?: NestedRestart | undefined;
};
const NestedRestart: z.ZodType<NestedRestart> = z.lazy(() =>
  z.object({
    step_id: z.string(),
    branch_or_iteration_n: z.number().int().optional(),
    nested: NestedRestart.optional(),
  }),
);

/** How a flow job ended. `stopped`: by a stop_after_if, which a loop around it takes as a break. */
const FlowOutcome = z.object({
  status: z.enum(['success', 'failure', 'skipped', 'canceled']),
  result: Ref,
  stopped: z.boolean().optional(),
});
export type FlowOutcome = z.infer<typeof FlowOutcome>;

/** Where a flow job stands. Written when a step begins or ends, not by the iterations of one. */
export const FlowPart = z.object({
  part: z.literal('flow'),
  /** The flow job. */
  id: z.string(),
  at: z.enum(['preprocessor', 'modules', 'failure', 'end']),
  /** Index of the current module. */
  step: z.number().int(),
  /** The result of the step before. */
  previous: Ref,
  /** What the preprocessor made of the arguments. */
  input: Ref.optional(),
  /** No job of it starts earlier: a sleep, or the pause before a retry. */
  not_before: z.number().optional(),
  /** The approval step whose approvals are awaited, and until when. */
  waiting: z.object({ module: z.string(), until: z.number().optional() }).optional(),
  /** The approval step just before the current one; `error`: it was disapproved, or nobody came. */
  resumed: z.object({ module: z.string(), error: z.string().optional() }).optional(),
  /** Approvals for whichever step asks next. */
  pre_approvals: z.array(Approval).optional(),
  failed_module: z.string().optional(),
  /** Whoever waits is answered early, with this expression. */
  answered: z.string().optional(),
  outcome: FlowOutcome.optional(),
  restarted_from: z
    .object({
      flow: z.string(),
      step_id: z.string(),
      branch_or_iteration_n: z.number().int().optional(),
      nested: NestedRestart.optional(),
    })
    .optional(),
});
export type FlowPart = z.infer<typeof FlowPart>;

/** One step that was begun. */
export const ModulePart = z.object({
  part: z.literal('module'),
  id: z.string(),
  /** Waiting: it is about to begin (again). */
  state: z.enum(['Waiting', 'InProgress', 'Success', 'Failure']),
  /** From 0; earlier attempts failed. */
  attempt: z.number().int(),
  skipped: z.boolean().optional(),
  result: Ref.optional(),
  /** The flow job that ran it, when this one was restarted from there. */
  flow: z.string().optional(),
  /** Of loops and branchall: how many iterations or branches there are; a whileloop has no such number. */
  len: z.number().int().optional(),
  /** One after the other: the current one. */
  iteration: z.number().int().optional(),
  /** At once: how many were started, and how many may be. */
  started: z.number().int().optional(),
  limit: z.number().int().optional(),
  /** Over how many pages these are dealt out. */
  pages: z.number().int().optional(),
  inherited: z.array(Inherited).optional(),
  /** Of branchone: index of the chosen list of modules; the default comes after all branches. */
  branch: z.number().int().optional(),
  /** Who may approve. */
  approval: z
    .object({
      required: z.number().int(),
      user_auth_required: z.boolean(),
      self_approval_disabled: z.boolean(),
      groups: z.array(z.string()).optional(),
    })
    .optional(),
  approvers: z.array(Approval).optional(),
  disapproved_by: z.string().optional(),
});
export type ModulePart = z.infer<typeof ModulePart>;

/** A fault of the flow's own, which no job had. */
const Fault = z.object({ name: z.string(), message: z.string(), step_id: z.string() });
export type Fault = z.infer<typeof Fault>;

/** How an iteration ended. On higher levels: how a page ended. */
const Member = z.object({
  success: z.boolean(),
  /** The first iteration that fails the whole loop, if any. */
  failed: z.number().int().optional(),
  /** Why it failed although its job did not, or before it had one. */
  error: Fault.optional(),
  /** The iteration whose start it made room for. */
  next: z.number().int().optional(),
  started_at: z.number().optional(),
  duration_ms: z.number().optional(),
});
export type Member = z.infer<typeof Member>;

/**
 * Ten iterations of one attempt of a loop (`pageIndex` says which), those of them that have ended; at each higher level the
 * full pages of the level below. A member is there or not, so that hearing of it twice changes nothing, and the loop has
 * ended when its top page is full.
 */
export const PagePart = z.object({
  part: z.literal('page'),
  module: z.string(),
  attempt: z.number().int(),
  level: z.number().int(),
  index: z.number().int(),
  members: z.record(z.string(), Member),
});
export type PagePart = z.infer<typeof PagePart>;

export const Part = z.discriminatedUnion('part', [FlowPart, ModulePart, PagePart]);
export type Part = z.infer<typeof Part>;

export const FLOW_PART = 'flow';
export const modulePartName = (id: string): string => `module#${id}`;
export const pagePartName = ({ module, attempt, level, index }: Omit<PagePart, 'part' | 'members'>): string =>
  `page#${module}#${attempt}#${level}#${index}`;

/** The name of a part within its flow job. */
export const partName = (part: Part): string => {
  switch (part.part) {
    case 'flow':
      return FLOW_PART;
    case 'module':
      return modulePartName(part.id);
    case 'page':
      return pagePartName(part);
  }
};
