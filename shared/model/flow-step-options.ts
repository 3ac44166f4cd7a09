import { z } from 'zod';
import { Expr, InputTransform, NumberInput } from './flow-inputs.ts';
import { Json } from './json.ts';
import { RetryPolicy } from './retry.ts';

const YEAR_S = 366 * 86_400;
const seconds = z.number().min(0).max(YEAR_S, 'at most a year (31622400 s)');
/** Each approval stands in the flow's own item until all are there. */
const MOST_APPROVALS = 100;

/** Ends the flow early, or in a loop the loop, when `expr` over `result` and `flow_input` is true. */
export const StopAfterIf = z.looseObject({
  expr: Expr,
  /** The flow then counts as skipped. */
  skip_if_stopped: z.boolean().nullish(),
  /** The flow then fails with this. */
  error_message: z.string().max(10_000).nullish(),
  error_include_result: z.boolean().nullish(),
});
export type StopAfterIf = z.infer<typeof StopAfterIf>;

/** An approval step: after it the flow waits for `required_events` approvals. Without `timeout` (seconds) it waits for ever. */
export const Suspend = z.looseObject({
  required_events: z.number().int().min(0).max(MOST_APPROVALS, `at most ${MOST_APPROVALS} approvals`).nullish(),
  timeout: seconds.nullish(),
  resume_form: z.looseObject({ schema: Json.optional() }).nullish(),
  user_auth_required: z.boolean().nullish(),
  user_groups_required: InputTransform.nullish(),
  self_approval_disabled: z.boolean().nullish(),
  hide_cancel: z.boolean().nullish(),
  continue_on_disapprove_timeout: z.boolean().nullish(),
});
export type Suspend = z.infer<typeof Suspend>;

/** What any module may say beside what it is. */
export const stepOptions = {
  summary: z.string().nullish(),
  stop_after_if: StopAfterIf.nullish(),
  stop_after_all_iters_if: StopAfterIf.nullish(),
  skip_if: z.looseObject({ expr: Expr }).nullish(),
  /** Seconds between the end of this step and the next job. */
  sleep: NumberInput.nullish(),
  suspend: Suspend.nullish(),
  retry: RetryPolicy.nullish(),
  timeout: NumberInput.nullish(),
  cache_ttl: seconds.nullish(),
  cache_ignore_s3_path: z.boolean().nullish(),
  delete_after_secs: seconds.nullish(),
  priority: z.number().int().min(0).max(100).nullish(),
  continue_on_error: z.boolean().nullish(),
  mock: z.looseObject({ enabled: z.boolean().nullish(), return_value: Json.optional() }).nullish(),
};
