import type { Continue } from './commands.ts';
import type { ChildKey } from './parts.ts';

/** Who answers an approval step. `launcher`: it is whoever launched the flow. */
export type Approver = { name: string; authenticated: boolean; launcher: boolean; groups: string[] };

/** What a flow job hears of. `now` in milliseconds since 1970. Any of them may come twice, late or in another order. */
export type FlowEvent = { now: number } & (
  | { type: 'started'; id: string; preprocess: boolean }
  /** Says again all that is due now. What a crash may have lost is made up for by it. */
  | { type: 'look' }
  /** The command of that name. */
  | Continue
  | {
      type: 'child_finished';
      child: ChildKey;
      status: 'success' | 'failure' | 'canceled' | 'skipped';
      /** As the `finish` of a child flow job said. */
      stopped?: boolean;
      started_at?: number;
      duration_ms?: number;
    }
  /** Without `module`: for the step that waits, or else for whichever asks next. */
  | { type: 'resume'; module?: string; resume_id: number; approved: boolean; by: Approver }
  | { type: 'timer' }
  | { type: 'canceled'; by: string; reason?: string }
);
