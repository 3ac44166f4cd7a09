import { maySeeJob } from '../../shared/access/job-visibility.ts';
import type { Standing } from '../../shared/access/standing.ts';
import type { JobReads } from '../../shared/aws/job-reads.ts';
import type { ScheduleDefaults } from '../../shared/aws/schedule-defaults.ts';
import {
  createSchedule,
  deleteSchedule,
  existsSchedule,
  getSchedule,
  listSchedules,
  listSchedulesWithJobs,
  previewSchedule,
  setDefaultErrorOrRecoveryHandler,
  setScheduleEnabled,
  updateSchedule,
} from '../../shared/contracts/schedules.ts';
import { instanceRoute, type Route, route } from '../../shared/http/route.ts';
import { nextTicks } from '../../shared/model/cron.ts';
import { isSuccess } from '../../shared/model/job.ts';
import type { Schedule } from '../../shared/model/schedule.ts';
import { scheduleView } from '../../shared/model/schedule-view.ts';
import { existsItem, readableItem, readableItems } from './path-items.ts';
import {
  createSchedule as create,
  deleteSchedule as remove,
  type ScheduleDeps,
  schedulesOf,
  switchSchedule,
  updateSchedule as update,
} from './save-schedule.ts';
import { scheduleList } from './schedule-list.ts';

export type ScheduleRouteDeps = ScheduleDeps & { reads: Pick<JobReads, 'list'>; defaults: ScheduleDefaults };

const PREVIEWED = 10;
/** `list_with_jobs` shows this many runs of each schedule. */
const SHOWN_RUNS = 20;

const writingRoutes = (deps: ScheduleRouteDeps): Route[] => [
  route(createSchedule, async (input) => {
    await create(deps, input, input.body);
    return { body: input.body.path };
  }),
  route(updateSchedule, async (input) => {
    await update(deps, input, input.params.path, input.body);
    return { body: input.params.path };
  }),
  route(setScheduleEnabled, async (input) => {
    const { path } = input.params;
    await switchSchedule(deps, input, path, input.body.enabled);
    return { body: `succesfully updated schedule at path ${path} to status ${input.body.enabled}` };
  }),
  route(deleteSchedule, async (input) => {
    await remove(deps, input, input.params.path);
    return { body: `schedule ${input.params.path} deleted` };
  }),
  route(setDefaultErrorOrRecoveryHandler, async ({ params, body }) => {
    await deps.defaults.keep(params.workspace, body.handler_type, body);
    return { body: `kept the default ${body.handler_type} handler of schedules` };
  }),
];

const lastRuns = async (deps: ScheduleRouteDeps, standing: Standing, schedule: Schedule): Promise<string> => {
  const jobs = await deps.reads.list(standing.workspace, {
    filter: {
      state: 'completed',
      path: { values: [schedule.script_path], negated: false, wildcards: false },
      schedulePath: { values: [schedule.path], negated: false, wildcards: false },
      visible: (job) => maySeeJob(standing, job),
    },
    by: 'creation',
    page: 1,
    perPage: SHOWN_RUNS,
    oldestFirst: false,
  });
  return JSON.stringify(
    jobs.map(({ id, status, duration_ms }) => ({ id, success: isSuccess(status), duration_ms: duration_ms ?? 0 })),
  );
};

const readingRoutes = (deps: ScheduleRouteDeps): Route[] => [
  instanceRoute(previewSchedule, ({ body, now }) => ({
    body: nextTicks(body, now, PREVIEWED).map((tick) => new Date(tick).toISOString()),
  })),
  route(getSchedule, async ({ params, standing }) => ({
    body: scheduleView(params.workspace, await readableItem(schedulesOf(deps), standing, params.path)),
  })),
  route(existsSchedule, async ({ params, standing }) => ({
    body: await existsItem(schedulesOf(deps), standing, params.path),
  })),
  route(listSchedules, async ({ params, query, standing }) => {
    const listed = scheduleList(await readableItems(schedulesOf(deps), standing, query.path_start), query);
    return { body: `[${listed.map((schedule) => scheduleView(params.workspace, schedule)).join()}]` };
  }),
  route(listSchedulesWithJobs, async ({ params, query, standing }) => {
    const views = scheduleList(await readableItems(schedulesOf(deps), standing), query).map(async (schedule) =>
      scheduleView(params.workspace, schedule, { jobs: await lastRuns(deps, standing, schedule) }),
    );
    return { body: `[${(await Promise.all(views)).join()}]` };
  }),
];

/** Schedules: making, changing, switching and reading them. */
export const scheduleRoutes = (deps: ScheduleRouteDeps): Route[] => [...writingRoutes(deps), ...readingRoutes(deps)];
