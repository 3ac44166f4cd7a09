import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { JsonObject } from '../model/json.ts';
import { EditSchedule, NewSchedule } from '../model/schedule.ts';
import { contract, jsonAnswer, jsonBody, jsonTextAnswer, NoParams, NoQuery, noBody, textAnswer } from './contract.ts';
import { InWorkspace, OfPath } from './params.ts';
import { Flag, JsonText, Page, PerPage } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
const mayWrite = { needs: 'workspace', right: 'write' } as const satisfies Access;

const Schedule = z
  .object({
    workspace_id: z.string(),
    path: z.string(),
    schedule: z.string(),
    timezone: z.string(),
    enabled: z.boolean(),
    script_path: z.string(),
    is_flow: z.boolean(),
    args: JsonObject,
    edited_by: z.string(),
    edited_at: z.string(),
    email: z.string(),
    permissioned_as: z.string(),
    extra_perms: z.record(z.string(), z.boolean()),
    error: z.string().optional(),
  })
  .loose();

const ScheduleWithJobs = Schedule.extend({
  jobs: z.array(z.object({ id: z.string(), success: z.boolean(), duration_ms: z.number() })),
});

export const previewSchedule = contract({
  id: 'previewSchedule',
  method: 'POST',
  path: '/schedules/preview',
  summary: 'The next ten ticks of a cron expression in a time zone',
  params: NoParams,
  query: NoQuery,
  body: jsonBody(EditSchedule),
  answer: jsonAnswer(200, z.array(z.string())),
  access: { needs: 'login' },
});

export const createSchedule = contract({
  id: 'createSchedule',
  method: 'POST',
  path: '/w/{workspace}/schedules/create',
  summary: 'Make a schedule; it runs as whoever makes it',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(NewSchedule),
  answer: textAnswer(201),
  access: mayWrite,
});

/** Ticks that wait are void at once; a run that is under way goes on. */
export const updateSchedule = contract({
  id: 'updateSchedule',
  method: 'POST',
  path: '/w/{workspace}/schedules/update/{path+}',
  summary: 'Change a schedule; it runs as whoever changed it last',
  params: OfPath,
  query: NoQuery,
  body: jsonBody(EditSchedule),
  answer: textAnswer(200),
  access: mayWrite,
});

export const setScheduleEnabled = contract({
  id: 'setScheduleEnabled',
  method: 'POST',
  path: '/w/{workspace}/schedules/setenabled/{path+}',
  summary: 'Switch a schedule on or off',
  params: OfPath,
  query: NoQuery,
  body: jsonBody(z.object({ enabled: z.boolean(), force: z.boolean().nullish() })),
  answer: textAnswer(200),
  access: mayWrite,
});

export const deleteSchedule = contract({
  id: 'deleteSchedule',
  method: 'DELETE',
  path: '/w/{workspace}/schedules/delete/{path+}',
  summary: 'Delete a schedule; its runs stay',
  params: OfPath,
  query: NoQuery,
  body: noBody,
  answer: textAnswer(200),
  access: mayWrite,
});

export const getSchedule = contract({
  id: 'getSchedule',
  method: 'GET',
  path: '/w/{workspace}/schedules/get/{path+}',
  summary: 'A schedule',
  params: OfPath,
  query: NoQuery,
  body: noBody,
  answer: jsonTextAnswer(200, Schedule),
  access: mayRead,
});

export const existsSchedule = contract({
  id: 'existsSchedule',
  method: 'GET',
  path: '/w/{workspace}/schedules/exists/{path+}',
  summary: 'Is there a schedule at this path?',
  params: OfPath,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.boolean()),
  access: mayRead,
});

const ListQuery = z.object({ page: Page.default(1), per_page: PerPage.default(30) });

export const ScheduleListQuery = ListQuery.extend({
  /** What it runs. */
  path: z.string().optional(),
  is_flow: Flag.optional(),
  path_start: z.string().optional(),
  schedule_path: z.string().optional(),
  summary: z.string().optional(),
  description: z.string().optional(),
  label: z.string().optional(),
  broad_filter: z.string().optional(),
  args: JsonText.optional(),
});
export type ScheduleListQuery = z.output<typeof ScheduleListQuery>;

export const listSchedules = contract({
  id: 'listSchedules',
  method: 'GET',
  path: '/w/{workspace}/schedules/list',
  summary: 'Schedules that the caller may read, by path',
  params: InWorkspace,
  query: ScheduleListQuery,
  body: noBody,
  answer: jsonTextAnswer(200, z.array(Schedule)),
  access: mayRead,
});

export const listSchedulesWithJobs = contract({
  id: 'listSchedulesWithJobs',
  method: 'GET',
  path: '/w/{workspace}/schedules/list_with_jobs',
  summary: 'Schedules that the caller may read, each with its last 20 runs',
  params: InWorkspace,
  query: ListQuery,
  body: noBody,
  answer: jsonTextAnswer(200, z.array(ScheduleWithJobs)),
  access: mayRead,
});

/** Clients fill it in when they make a schedule; the server itself only keeps it, and sets it where asked to override. */
export const setDefaultErrorOrRecoveryHandler = contract({
  id: 'setDefaultErrorOrRecoveryHandler',
  method: 'POST',
  path: '/w/{workspace}/schedules/setdefaulthandler',
  summary: 'Keep a default handler of schedules',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(
    z.object({
      handler_type: z.enum(['error', 'recovery', 'success']),
      override_existing: z
        .boolean()
        .refine((override) => !override, { error: 'is not supported yet: change the schedules themselves' }),
      path: z.string().max(255).nullish(),
      extra_args: JsonObject.nullish(),
      number_of_occurence: z.number().int().min(1).nullish(),
      number_of_occurence_exact: z.boolean().nullish(),
      workspace_handler_muted: z.boolean().nullish(),
    }),
  ),
  answer: textAnswer(200),
  access: { needs: 'workspace', right: 'admin' },
});
