import type { Suspend } from '../model/flow-step-options.ts';
import { type Evaluated, evaluate, type Scope, type Step } from './asks.ts';
import type { Draft } from './draft.ts';
import type { FlowEvent } from './events.ts';
import type { Approval, ModulePart, Ref } from './parts.ts';

type Conditions = NonNullable<ModulePart['approval']>;
type Resume = FlowEvent & { type: 'resume' };

/** Kept for a step that is yet to ask: more would make the flow's own part grow. */
const MOST_PRE_APPROVALS = 50;
const MOST_GROUPS = 50;

/** Who may approve, decided when the step begins: approvals may come while it still runs. */
export function* approvalOf(suspend: Suspend, scope: Scope): Step<Evaluated<Conditions>> {
  const conditions = {
    required: suspend.required_events ?? 1,
    user_auth_required: suspend.user_auth_required === true,
    self_approval_disabled: suspend.self_approval_disabled === true,
  };
  if (!suspend.user_groups_required) return { ok: true, value: conditions };
  const groups = yield* evaluate(suspend.user_groups_required, scope);
  if (!groups.ok) return { ok: false, reason: `user_groups_required could not be evaluated: ${groups.reason}` };
  if (groups.value === null) return { ok: true, value: conditions };
  const names = Array.isArray(groups.value) ? groups.value.filter((name) => typeof name === 'string') : undefined;
  return names === undefined
    ? { ok: false, reason: 'user_groups_required must be a list of names of groups' }
    : { ok: true, value: { ...conditions, groups: names } };
}

/** Why somebody may not approve or disapprove; undefined: he may. */
const refusalOf = (conditions: Conditions, by: Omit<Approval, 'resume_id'>): string | undefined => {
  const { groups = [] } = conditions;
  if ((conditions.user_auth_required || groups.length > 0) && !by.authenticated)
    return 'this approval step asks for a login';
  if (groups.length > 0 && !groups.some((name) => by.groups?.includes(name)))
    return `only members of ${groups.join(', ')} may answer this approval step`;
  return conditions.self_approval_disabled && (by.launcher || !by.authenticated)
    ? 'whoever launched the flow may not answer this approval step himself'
    : undefined;
};

/** Lets the flow wait after a step, unless all approvals are there already. */
export const suspendAfter = (draft: Draft, part: ModulePart, conditions: Conditions, suspend: Suspend): void => {
  const known = part.approvers ?? [];
  const early = (draft.flow.pre_approvals ?? []).filter(
    (each) => refusalOf(conditions, each) === undefined && !known.some(({ resume_id }) => resume_id === each.resume_id),
  );
  const approvers = [...known, ...early.map(({ groups, ...approval }) => approval)];
  const { timeout } = suspend;
  const until = timeout === undefined || timeout === null ? {} : { until: draft.now + timeout * 1000 };
  draft.setFlow({ pre_approvals: undefined, waiting: { module: part.id, ...until } });
  decide(draft, draft.save({ ...part, approvers }), suspend);
};

const decide = (draft: Draft, part: ModulePart, suspend: Suspend): void => {
  if (part.disapproved_by !== undefined) goUnapproved(draft, part.id, suspend, `disapproved by ${part.disapproved_by}`);
  else if ((part.approvers?.length ?? 0) >= (part.approval?.required ?? 1)) goOn(draft, { module: part.id });
};

const goOn = (draft: Draft, resumed: { module: string; error?: string }): void =>
  draft.setFlow({ waiting: undefined, resumed, step: draft.flow.step + 1 });

const goUnapproved = (draft: Draft, module: string, suspend: Suspend, reason: string): void => {
  const result: Ref = { of: 'error', name: 'Canceled', message: `Job canceled: ${reason}`, step_id: module };
  if (suspend.continue_on_disapprove_timeout === true) goOn(draft, { module, error: reason });
  else draft.end({ status: 'canceled', result });
};

/** The time of a wait may have come. */
export const lookAtTime = (draft: Draft): void => {
  const { waiting } = draft.flow;
  const suspend = draft.current()?.suspend;
  if (waiting?.until === undefined || waiting.until > draft.now || !suspend) return;
  goUnapproved(draft, waiting.module, suspend, 'nobody approved in time');
};

/** Takes an answer to an approval step: the one it names, the one that waits, or whichever asks next. */
export function* takeAnswer(draft: Draft, event: Resume): Step {
  const { waiting, at } = draft.flow;
  if (at === 'end') return refuse(draft, 'the flow has ended');
  const target = event.module ?? waiting?.module;
  if (target === undefined) return approveAhead(draft, event);
  const suspend = draft.plan.modules.find(({ id }) => id === target)?.suspend;
  const part = yield* draft.module(target);
  if (!suspend || part?.approval === undefined) return refuse(draft, `step ${target} does not ask for approvals`);
  const { approver, ...who } = approvalBy(event);
  if (part.approvers?.some(({ resume_id }) => resume_id === event.resume_id)) return;
  if (waiting?.module !== target && (part.state === 'Success' || part.state === 'Failure'))
    return refuse(draft, `step ${target} does not wait any more`);
  const refusal = refusalOf(part.approval, { approver, ...who });
  if (refusal !== undefined) return refuse(draft, refusal);
  const { groups, ...kept } = { approver, ...who };
  const next = event.approved
    ? { ...part, approvers: [...(part.approvers ?? []), kept].slice(0, Math.max(1, part.approval.required)) }
    : { ...part, disapproved_by: part.disapproved_by ?? (approver || 'anonymous') };
  draft.save(next);
  if (waiting?.module === target) decide(draft, next, suspend);
}

const approvalBy = ({ resume_id, by: { name, ...by } }: Resume): Approval => ({ resume_id, approver: name, ...by });

const approveAhead = (draft: Draft, event: Resume): void => {
  const known = draft.flow.pre_approvals ?? [];
  if (known.some(({ resume_id }) => resume_id === event.resume_id)) return;
  if (!event.approved) refuse(draft, 'no step of the flow waits for approvals now: cancel the flow instead');
  else if (known.length >= MOST_PRE_APPROVALS)
    refuse(draft, `the flow has ${MOST_PRE_APPROVALS} approvals ahead of time already`);
  else {
    const { groups = [], ...approval } = approvalBy(event);
    draft.setFlow({ pre_approvals: [...known, { ...approval, groups: groups.slice(0, MOST_GROUPS) }] });
  }
};

const refuse = (draft: Draft, reason: string): void => {
  draft.refused = reason;
};
