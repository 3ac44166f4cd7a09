import { z } from 'zod';

/** How the last runs of a schedule ended. */
export const Streak = z.object({
  /** The run that was counted last: counting it again changes nothing. */
  job: z.string(),
  /** Runs in a row that failed, last or before the successes. */
  failures: z.number().int(),
  /** Runs in a row that succeeded, up to the last one. */
  successes: z.number().int(),
  /** The last of the failures. */
  failed: z.string().optional(),
});
export type Streak = z.infer<typeof Streak>;

/** The streak once `job` is counted too. */
export const streakWith = (streak: Streak | undefined, job: string, success: boolean): Streak => {
  if (streak?.job === job) return streak;
  const { failures = 0, successes = 0, failed } = streak ?? {};
  if (success) return { job, failures, successes: successes + 1, ...(failed === undefined ? {} : { failed }) };
  return { job, failures: successes > 0 ? 1 : failures + 1, successes: 0, failed: job };
};

/** What a schedule wants to be run after its runs, and after how many. */
export type HandlerRules = {
  on_failure?: string | null | undefined;
  on_failure_times?: number | null | undefined;
  on_failure_exact?: boolean | null | undefined;
  on_recovery?: string | null | undefined;
  on_recovery_times?: number | null | undefined;
  on_success?: string | null | undefined;
};

export type HandlerName = 'on_failure' | 'on_recovery' | 'on_success';

/** The handlers that the last counted run of a streak calls for. */
export const handlersDue = (rules: HandlerRules, streak: Streak): HandlerName[] => {
  const { failures, successes } = streak;
  if (successes === 0) {
    const times = rules.on_failure_times ?? 1;
    const due = rules.on_failure_exact === true ? failures === times : failures >= times;
    return due && rules.on_failure ? ['on_failure'] : [];
  }
  const recovered = failures > 0 && successes === (rules.on_recovery_times ?? 1);
  return [
    ...(rules.on_success ? ['on_success' as const] : []),
    ...(recovered && rules.on_recovery ? ['on_recovery' as const] : []),
  ];
};
