import type { FlowModule } from '../model/flow-module.ts';
import type { FlowPart, ModulePart, NestedRestart, Part, Ref } from './parts.ts';
import { type FlowPlan, isIterated, isParallel } from './plan.ts';

/** A flow job that ended, as a restart sees it. */
export type Former = { id: string; module: (id: string) => ModulePart | undefined; input: Ref | undefined };

export type Restarted = { ok: true; parts: Part[] } | { ok: false; reason: string };

/**
 * The parts that a flow job begins with which goes on from a step of a former one: hear `look` next. What came before that step
 * is taken over and read where it is. A loop or branchall that runs one by one may go on at an iteration; `nested`
 * then goes on within that one.
 */
export const restart = (plan: FlowPlan, id: string, former: Former, from: NestedRestart): Restarted => {
  const step = plan.modules.findIndex((module) => module.id === from.step_id);
  const module = plan.modules[step];
  if (module === undefined) return { ok: false, reason: `the flow has no step ${from.step_id}` };
  const copied: ModulePart[] = [];
  for (const earlier of plan.modules.slice(0, step)) {
    const part = former.module(earlier.id);
    if (part?.state !== 'Success')
      return { ok: false, reason: `Flow cannot be restarted from a non successful module: ${earlier.id}` };
    copied.push(takenOver(part, former.id));
  }
  const within = restartWithin(module, former, from);
  if (typeof within === 'string') return { ok: false, reason: within };
  return { ok: true, parts: [flowPart(id, step, former, from, copied.at(-1)), ...copied, ...within] };
};

const flowPart = (
  id: string,
  step: number,
  former: Former,
  { step_id, branch_or_iteration_n, nested }: NestedRestart,
  last: ModulePart | undefined,
): FlowPart => ({
  part: 'flow',
  id,
  at: 'modules',
  step,
  previous: last?.result ?? { of: 'input' },
  ...(former.input === undefined ? {} : { input: inFlow(former.input, former.id) }),
  restarted_from: {
    flow: former.id,
    step_id,
    ...(branch_or_iteration_n === undefined ? {} : { branch_or_iteration_n }),
    ...(nested === undefined ? {} : { nested }),
  },
});

/** A step of the former flow job, or of one that was taken over by it already. */
const takenOver = (part: ModulePart, flow: string): ModulePart => ({
  ...part,
  flow: part.flow ?? flow,
  ...(part.result === undefined ? {} : { result: inFlow(part.result, part.flow ?? flow) }),
});

const inFlow = (ref: Ref, flow: string): Ref => {
  switch (ref.of) {
    case 'child':
    case 'children':
      return { ...ref, flow: ref.flow ?? flow };
    case 'input':
    case 'value':
    case 'mock':
      return ref;
    case 'error':
      return ref.result === undefined ? ref : { ...ref, result: inFlow(ref.result, flow) };
  }
};

/** The part of the step that is restarted itself; a text: why that cannot be. */
const restartWithin = (module: FlowModule, former: Former, from: NestedRestart): ModulePart[] | string => {
  const iteration = from.branch_or_iteration_n ?? 0;
  const part = former.module(module.id);
  const fresh: ModulePart = { part: 'module', id: module.id, state: 'Waiting', attempt: 0 };
  if (module.value.type === 'branchone' && from.nested)
    return part?.branch === undefined ? [] : [{ ...fresh, branch: part.branch }];
  if (iteration === 0) return [];
  if (!isIterated(module) || isParallel(module))
    return `step ${module.id} cannot be restarted at ${iteration}: only loops and branchall that run one by one can`;
  if (part === undefined || iteration > (part.iteration ?? 0))
    return `step ${module.id} cannot be restarted at ${iteration}: it never came that far`;
  const own = { flow: part.flow ?? former.id, attempt: part.attempt, below: iteration };
  const taken = part.inherited ?? [];
  const covering = taken.find(({ below }) => below >= iteration);
  const inherited = [
    ...taken.filter(({ below }) => below < iteration),
    covering ? { ...covering, below: iteration } : own,
  ];
  return [{ ...fresh, iteration, inherited }];
};
