import type { FlowModule } from '../model/flow-module.ts';
import type { Json } from '../model/json.ts';
import { pageIndex } from './join.ts';
import type { ChildKey, FlowPart, Member, ModulePart, PagePart } from './parts.ts';
import { type FlowPlan, isIterated, isLoop } from './plan.ts';

/** The stored parts of a flow job, as a reader has them. */
export type FlowParts = { flow: FlowPart; modules: ReadonlyMap<string, ModulePart>; pages: readonly PagePart[] };

/** What the parts do not know. */
export type ViewDeps = {
  /** The id of a child of a flow job. */
  childId: (flow: string, child: ChildKey) => Promise<string>;
  /** Whether a child's job still waits for a worker. */
  isQueued?: (id: string) => boolean;
  /** The items of a loop, where they are small enough to show. */
  items?: (module: string) => Json[] | undefined;
};

/** One module of Windmill's `flow_status`. */
export type FlowStatusModule = {
  type: 'WaitingForPriorSteps' | 'WaitingForEvents' | 'WaitingForExecutor' | 'InProgress' | 'Success' | 'Failure';
  id: string;
  job?: string;
  count?: number;
  iterator?: { index: number; itered?: Json[]; itered_len?: number };
  flow_jobs?: string[];
  flow_jobs_success?: (boolean | null)[];
  flow_jobs_duration?: { started_at: (string | null)[]; duration_ms: (number | null)[] };
  branch_chosen?: { type: 'branch'; branch: number } | { type: 'default' };
  branchall?: { branch: number; len: number };
  approvers?: { resume_id: number; approver: string }[];
  failed_retries?: string[];
  skipped?: boolean;
  parent_module?: string;
};

/** Windmill's `flow_status`: step, modules in their order, and the retries of the current one. */
export const flowStatusView = async (plan: FlowPlan, parts: FlowParts, deps: ViewDeps) => {
  const { flow } = parts;
  const view = (module: FlowModule) => moduleView(module, parts, deps);
  const modules = await Promise.all(plan.modules.map(view));
  const waiting = plan.modules.findIndex(({ id }) => id === flow.waiting?.module);
  if (waiting >= 0) modules[nextAfter(waiting, modules.length)] = await waitView(plan, parts, waiting, modules, deps);
  const current = plan.modules[flow.step];
  const failed = current === undefined ? [] : await failedRetries(parts, current.id, deps);
  const conditions = parts.modules.get(flow.waiting?.module ?? '')?.approval;
  return {
    step: flow.outcome?.status === 'success' ? modules.length : flow.step,
    modules,
    failure_module: {
      ...(plan.failure_module
        ? await view(plan.failure_module)
        : { type: 'WaitingForPriorSteps' as const, id: 'failure' }),
      ...(flow.failed_module === undefined ? {} : { parent_module: flow.failed_module }),
    },
    ...(plan.preprocessor_module ? { preprocessor_module: await view(plan.preprocessor_module) } : {}),
    cleanup_module: { flow_jobs_to_clean: [] },
    retry: { fail_count: failed.length, failed_jobs: failed },
    user_states: {},
    ...(flow.restarted_from === undefined ? {} : { restarted_from: restartView(flow.restarted_from) }),
    ...(conditions === undefined ? {} : { approval_conditions: conditionsView(conditions) }),
  };
};

const restartView = ({ flow, ...from }: NonNullable<FlowPart['restarted_from']>) => ({ flow_job_id: flow, ...from });

const conditionsView = (conditions: NonNullable<ModulePart['approval']>) => ({
  user_auth_required: conditions.user_auth_required,
  user_groups_required: conditions.groups ?? [],
  self_approval_disabled: conditions.self_approval_disabled,
});

/** The step after the approval step is the one that waits; after the last there is none but itself. */
const nextAfter = (step: number, count: number): number => Math.min(step + 1, count - 1);

const waitView = async (
  plan: FlowPlan,
  { flow, modules }: FlowParts,
  step: number,
  views: FlowStatusModule[],
  { childId }: ViewDeps,
): Promise<FlowStatusModule> => {
  const part = modules.get(flow.waiting?.module ?? '');
  const count = (part?.approval?.required ?? 1) - (part?.approvers?.length ?? 0);
  const job = await childId(flow.id, { module: part?.id ?? '', iteration: 0, attempt: part?.attempt ?? 0 });
  const at = nextAfter(step, plan.modules.length);
  return { ...(at === step ? views[at] : {}), type: 'WaitingForEvents', id: plan.modules[at]?.id ?? '', count, job };
};

const moduleView = async (module: FlowModule, parts: FlowParts, deps: ViewDeps): Promise<FlowStatusModule> => {
  const part = parts.modules.get(module.id);
  if (part === undefined) return { type: 'WaitingForPriorSteps', id: module.id };
  const retried = await failedRetries(parts, module.id, deps);
  const job = hasJob(module, part) ? await deps.childId(part.flow ?? parts.flow.id, currentChild(part)) : undefined;
  return {
    type: typeOf(part, job, deps),
    id: module.id,
    ...(job === undefined ? {} : { job }),
    ...(isIterated(module) ? await childrenView(module, part, parts, deps) : {}),
    ...branchView(module, part),
    ...(part.approvers === undefined
      ? {}
      : { approvers: part.approvers.map(({ resume_id, approver }) => ({ resume_id, approver })) }),
    ...(retried.length === 0 ? {} : { failed_retries: retried }),
    ...(part.skipped ? { skipped: true } : {}),
  };
};

/** A step that was skipped, mocked or an identity had no job; neither had one whose arguments came to nothing. */
const hasJob = ({ value }: FlowModule, { state, skipped, result }: ModulePart): boolean =>
  state !== 'Waiting' &&
  !skipped &&
  value.type !== 'identity' &&
  (result === undefined || result.of === 'child' || result.of === 'children');

const currentChild = ({ id, attempt, iteration, result, len }: ModulePart): ChildKey =>
  result?.of === 'child' ? result.child : { module: id, attempt, iteration: iteration ?? Math.max(0, (len ?? 1) - 1) };

const typeOf = ({ state }: ModulePart, job: string | undefined, { isQueued }: ViewDeps): FlowStatusModule['type'] => {
  switch (state) {
    case 'Success':
    case 'Failure':
      return state;
    case 'Waiting':
      return 'WaitingForPriorSteps';
    case 'InProgress':
      return job !== undefined && isQueued?.(job) === true ? 'WaitingForExecutor' : 'InProgress';
  }
};

const failedRetries = ({ flow, modules }: FlowParts, module: string, { childId }: ViewDeps): Promise<string[]> => {
  const part = modules.get(module);
  const of = part?.flow ?? flow.id;
  return Promise.all(
    Array.from({ length: part?.attempt ?? 0 }, (_, attempt) => childId(of, { module, iteration: 0, attempt })),
  );
};

const branchView = (
  { value }: FlowModule,
  { branch, iteration, len, started }: ModulePart,
): Partial<FlowStatusModule> => {
  if (value.type === 'branchone' && branch !== undefined)
    return { branch_chosen: branch < value.branches.length ? { type: 'branch', branch } : { type: 'default' } };
  if (value.type !== 'branchall' || len === undefined) return {};
  return { branchall: { branch: iteration ?? Math.max(0, (started ?? 1) - 1), len } };
};

/** Jobs of iterations or branches that were started, in their order; null where one has not ended. */
const childrenView = async (
  module: FlowModule,
  part: ModulePart,
  parts: FlowParts,
  deps: ViewDeps,
): Promise<Partial<FlowStatusModule>> => {
  const begun = part.result?.of === 'children' ? part.result.count : (part.started ?? (part.iteration ?? -1) + 1);
  const members = Array.from({ length: begun }, (_, iteration) => memberOf(parts, part, iteration));
  const flow_jobs = await Promise.all(members.map((_, iteration) => deps.childId(...ownerOf(part, parts, iteration))));
  const items = deps.items?.(module.id);
  const iterator = {
    index: part.iteration ?? Math.max(0, begun - 1),
    ...(items === undefined ? {} : { itered: items }),
    ...(part.len === undefined ? {} : { itered_len: part.len }),
  };
  return {
    ...(isLoop(module) ? { iterator } : {}),
    flow_jobs,
    flow_jobs_success: members.map((member) => member?.success ?? null),
    flow_jobs_duration: {
      started_at: members.map((member) =>
        member?.started_at === undefined ? null : new Date(member.started_at).toISOString(),
      ),
      duration_ms: members.map((member) => member?.duration_ms ?? null),
    },
  };
};

/** The flow job that ran an iteration, and which child of it that was. */
const ownerOf = (part: ModulePart, { flow }: FlowParts, iteration: number): [string, ChildKey] => {
  const from = part.inherited?.find(({ below }) => iteration < below);
  const attempt = from?.attempt ?? part.attempt;
  return [from?.flow ?? part.flow ?? flow.id, { module: part.id, iteration, attempt }];
};

/** Iterations taken over from another flow job succeeded there, or were skipped. */
const memberOf = ({ pages }: FlowParts, part: ModulePart, iteration: number): Member | undefined =>
  part.inherited?.some(({ below }) => iteration < below)
    ? { success: true }
    : pages.find(
        ({ module, attempt, level, index }) =>
          module === part.id && attempt === part.attempt && level === 0 && index === pageIndex(part.pages, iteration),
      )?.members[iteration];
