import { z } from 'zod';
import { cronFault, nextTicks } from './cron.ts';
import { uuidV5 } from './ids.ts';
import { JsonObject, objectOf } from './json.ts';
import { RetryPolicy } from './retry.ts';
import { Grants } from './roster.ts';
import { ScriptPath } from './script.ts';
import { Streak } from './streak.ts';

/** A schedule is one item of the table (400 KB at most); its texts together may be this long. */
const LIMIT_CHARS = 200_000;

const Time = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z' })
  .transform((text) => Date.parse(text));

/** The script that a handler field names, with or without `script/` before its path. */
export const handlerPath = (handler: string): string => handler.replace(/^script\//, '');

const Handler = z
  .string()
  .max(255)
  .superRefine((handler, context) => {
    if (handler === '' || ScriptPath.safeParse(handlerPath(handler)).success) return;
    const message = /^flow\/|^script\/hub\//.test(handler)
      ? 'only scripts of the workspace can be handlers yet: script/f/folder/name'
      : 'must look like script/f/folder/name';
    context.addIssue({ code: 'custom', message });
  });

/** What may be set and changed. Fields of Windmill that do nothing here are stored and given back, so that its CLI finds no difference. */
const settings = {
  schedule: z.string().max(200),
  timezone: z.string().max(100),
  cron_version: z.enum(['v1', 'v2']).nullish(),
  on_failure: Handler.nullish(),
  on_failure_times: z.number().int().min(1).max(1_000).nullish(),
  on_failure_exact: z.boolean().nullish(),
  on_recovery: Handler.nullish(),
  on_recovery_times: z.number().int().min(1).max(1_000).nullish(),
  on_success: Handler.nullish(),
  ws_error_handler_muted: z.boolean().nullish(),
  /** Scripts never overlap: the next tick is made when one has ended. */
  no_flow_overlap: z.boolean().nullish(),
  summary: z.string().max(1_000).nullish(),
  description: z.string().max(20_000).nullish(),
  tag: z.string().max(50).nullish(),
  labels: z.array(z.string().max(100)).max(50).nullish(),
};

const sent = {
  ...settings,
  args: JsonObject.nullish(),
  on_failure_extra_args: JsonObject.nullish(),
  on_recovery_extra_args: JsonObject.nullish(),
  on_success_extra_args: JsonObject.nullish(),
  retry: RetryPolicy.nullish(),
  paused_until: Time.nullish(),
  dynamic_skip: z
    .string()
    .nullish()
    .refine((handler) => !handler, { error: 'is not supported yet: let the script itself decide to do nothing' }),
  /** Runs as this instead of whoever saves it, with `preserve_permissioned_as`, for admins and deployers. */
  permissioned_as: z.string().max(255).nullish(),
  preserve_permissioned_as: z.boolean().nullish(),
};

const checkRule = (
  rule: { schedule: string; timezone: string; cron_version?: string | null | undefined },
  context: z.RefinementCtx,
): void => {
  const fault = cronFault(rule);
  if (fault !== undefined) context.addIssue({ code: 'custom', path: [fault.field], message: fault.message });
  if (JSON.stringify(rule).length > LIMIT_CHARS)
    context.addIssue({
      code: 'custom',
      path: ['args'],
      message: `the schedule is longer than ${LIMIT_CHARS} characters`,
    });
};

/** What a client sends to make a schedule. */
export const NewSchedule = z
  .object({
    path: ScriptPath,
    script_path: ScriptPath,
    is_flow: z
      .boolean()
      .refine((flow) => !flow, { error: 'flows cannot be scheduled yet: name a script, with is_flow false' }),
    enabled: z.boolean().nullish(),
    ...sent,
  })
  .superRefine(checkRule);
export type NewSchedule = z.infer<typeof NewSchedule>;

/** What a client sends to change one: it replaces all that can be changed. */
export const EditSchedule = z.object(sent).superRefine(checkRule);
export type EditSchedule = z.infer<typeof EditSchedule>;

/** The one future (or running) job of an enabled schedule. */
const Tick = z.object({
  id: z.string(),
  at: z.number(),
  /** When it was decided on. */
  set_at: z.number(),
});
export type Tick = z.infer<typeof Tick>;

/** A schedule as stored. Times in milliseconds since 1970; objects of the sender's are JSON text. */
export const Schedule = z.object({
  path: z.string(),
  script_path: z.string(),
  enabled: z.boolean(),
  ...settings,
  args: z.string(),
  on_failure_extra_args: z.string().optional(),
  on_recovery_extra_args: z.string().optional(),
  on_success_extra_args: z.string().optional(),
  retry: z.string().optional(),
  paused_until: z.number().optional(),
  permissioned_as: z.string(),
  email: z.string(),
  edited_by: z.string(),
  edited_at: z.number(),
  extra_perms: Grants,
  /** Why it was switched off by itself. */
  error: z.string().optional(),
  /** Grows when somebody edits or switches it; ticks of another revision never run. Begins with the time, so that no later schedule of the path has it. */
  revision: z.number(),
  tick: Tick.optional(),
  streak: Streak.optional(),
  /** Grows with every write: whoever changes a schedule changes the one he saw. */
  rev: z.number(),
});
export type Schedule = z.infer<typeof Schedule>;

/** Whom a schedule runs as, and who saved it when. */
export type Saved = { permissioned_as: string; email: string; by: string; now: number };

const text = (value: object | null | undefined): string | undefined =>
  value === null || value === undefined ? undefined : JSON.stringify(value);

const settingsOf = (body: EditSchedule, saved: Saved) => {
  const { args, on_failure_extra_args, on_recovery_extra_args, on_success_extra_args, retry, paused_until, ...rest } =
    body;
  const { dynamic_skip, permissioned_as, preserve_permissioned_as, ...kept } = rest;
  return {
    ...kept,
    args: text(args) ?? '{}',
    on_failure_extra_args: text(on_failure_extra_args),
    on_recovery_extra_args: text(on_recovery_extra_args),
    on_success_extra_args: text(on_success_extra_args),
    retry: text(retry),
    paused_until: paused_until ?? undefined,
    permissioned_as: saved.permissioned_as,
    email: saved.email,
    edited_by: saved.by,
    edited_at: saved.now,
  };
};

/** The schedule that a request makes; its tick is still to be set. */
export const newSchedule = (body: NewSchedule, saved: Saved): Schedule => {
  const { path, script_path, is_flow, enabled, ...edit } = body;
  return {
    path,
    script_path,
    enabled: enabled ?? false,
    ...settingsOf(edit, saved),
    extra_perms: {},
    revision: saved.now,
    rev: saved.now,
  };
};

/** The next revision of a schedule: ticks of the one before are void. */
const revised = (schedule: Schedule, now: number): Schedule => {
  const { tick, error, ...rest } = schedule;
  return { ...rest, revision: Math.max(now, schedule.revision + 1), rev: schedule.rev + 1 };
};

/** What the edit does not say is taken away; path, script, grants and whether it is on stay. */
export const editedSchedule = (schedule: Schedule, edit: EditSchedule, saved: Saved): Schedule => {
  const { path, script_path, enabled, extra_perms, streak, revision, rev } = revised(schedule, saved.now);
  return { path, script_path, enabled, extra_perms, streak, revision, rev, ...settingsOf(edit, saved) };
};

export const switchedSchedule = (schedule: Schedule, enabled: boolean, now: number): Schedule => ({
  ...revised(schedule, now),
  enabled,
});

/** How its runs are tried again when they fail; undefined: as their script says. */
export const retryOf = ({ retry }: Pick<Schedule, 'retry'>): RetryPolicy | undefined =>
  retry === undefined ? undefined : RetryPolicy.parse(objectOf(retry));

/** Namespace of the ids of ticks. */
const TICKS = '0b4f5c6e-52a1-5d0e-8f3b-6a1f0c9d7e21';

/**
 * The first tick after `now` and after any pause; undefined when none comes any more. Its id tells schedule, revision and
 * time; a time that was run early already (`run_now`) comes again under another id.
 */
export const tickAfter = async (workspace: string, schedule: Schedule, now: number): Promise<Tick | undefined> => {
  const [at] = nextTicks(schedule, Math.max(now, (schedule.paused_until ?? 0) - 1), 1);
  if (at === undefined) return undefined;
  const before = schedule.tick;
  const name = JSON.stringify([workspace, schedule.path, schedule.revision, at]);
  const id = before?.at === at ? await uuidV5(before.id, 'again') : await uuidV5(TICKS, name);
  return { id, at, set_at: now };
};
