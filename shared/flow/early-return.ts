import type { FlowModule } from '../model/flow-module.ts';
import type { Draft } from './draft.ts';

/** Ids of the flow's steps that an expression names as `results.<id>` or `results['<id>']`. */
const namedIn = (expr: string): string[] =>
  [...expr.matchAll(/\bresults(?:\?)?(?:\.|\[\s*['"])([\w-]+)/g)].flatMap(([, id]) => id ?? []);

/** Answers whoever waits for the flow as soon as the last step that `early_return` names has ended. */
export const answerEarly = (draft: Draft, module: FlowModule): void => {
  const wanted = draft.plan.early_return;
  if (!wanted || draft.flow.answered) return;
  const ids = draft.plan.modules.map(({ id }) => id);
  const expr = ids.includes(wanted) ? `results[${JSON.stringify(wanted)}]` : wanted;
  const last = Math.max(0, ...namedIn(expr).map((id) => ids.indexOf(id)));
  if (ids[last] !== module.id) return;
  draft.setFlow({ answered: expr });
  draft.command({ type: 'answer', expr });
};
