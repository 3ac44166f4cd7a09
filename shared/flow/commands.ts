import type { FlowModule } from '../model/flow-module.ts';
import type { ChildKey, FlowOutcome, NestedRestart } from './parts.ts';

/** What a child job runs: one step, or a list of modules within a module (`innerLists`) as a flow job of its own. */
export type Run = { kind: 'step'; step: FlowModule } | { kind: 'modules'; module: string; list: number };

/** The item of a loop that an iteration is about. */
export type Iter = { module: string; attempt: number; index: number };

/** `window`: go on with those that run at once, by starting some from iteration `from` on. */
export type Continue = { type: 'continue'; window?: { module: string; attempt: number; from: number } };

/** What is to be done now that the parts are stored. Each is harmless when it is done twice. */
export type Command =
  /** Start this child unless it is there already, with the arguments that were asked for (a step), or with those of the flow job and `iter`. */
  | {
      type: 'start';
      child: ChildKey;
      run: Run;
      iter?: Iter;
      /** Milliseconds since 1970. */
      scheduled_for: number;
      timeout_s?: number;
      same_worker: boolean;
      /** Go on inside a child of another flow job. */
      restarted_from?: { flow: string; child: ChildKey; restart: NestedRestart };
    }
  /** Tell the machine the same, once the commands before are done: more is due than one invocation should do. */
  | Continue
  /** Tell the machine `timer` at `until`, if there is such a time. `count`: approvals that are missing. */
  | { type: 'suspend'; module: string; count: number; until?: number }
  /** Answer whoever waits for the flow, with this expression over results. */
  | { type: 'answer'; expr: string }
  | { type: 'cancel_children' }
  | ({ type: 'finish' } & FlowOutcome);
