import { withRawFields } from './job-view.ts';
import type { Schedule } from './schedule.ts';

/** JSON text of a schedule as Windmill's clients read it; `more` are further fields that are JSON text already. */
export const scheduleView = (workspace: string, schedule: Schedule, more: Record<string, string> = {}): string => {
  const { args, on_failure_extra_args, on_recovery_extra_args, on_success_extra_args, retry, ...shown } = schedule;
  const { revision, tick, streak, rev, paused_until, ...plain } = shown;
  return withRawFields(
    {
      workspace_id: workspace,
      ...plain,
      is_flow: false,
      edited_at: new Date(schedule.edited_at).toISOString(),
      ...(paused_until === undefined ? {} : { paused_until: new Date(paused_until).toISOString() }),
      ws_error_handler_muted: schedule.ws_error_handler_muted ?? false,
      no_flow_overlap: schedule.no_flow_overlap ?? false,
      labels: schedule.labels ?? [],
    },
    { args, on_failure_extra_args, on_recovery_extra_args, on_success_extra_args, retry, ...more },
  );
};
