import type { ScheduleListQuery } from '../../shared/contracts/schedules.ts';
import { isJsonObject, type Json, parseJson } from '../../shared/model/json.ts';
import type { Schedule } from '../../shared/model/schedule.ts';

const has = (text: string | null | undefined, part: string | undefined): boolean =>
  part === undefined || (text ?? '').toLowerCase().includes(part.toLowerCase());

const argsFit = (schedule: Schedule, wanted: Json | undefined): boolean => {
  if (wanted === undefined) return true;
  const args = parseJson(schedule.args);
  if (!args.ok || !isJsonObject(args.value) || !isJsonObject(wanted)) return false;
  const given = args.value;
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(given[name]) === JSON.stringify(value));
};

const fits = (schedule: Schedule, query: ScheduleListQuery): boolean =>
  (query.path === undefined || schedule.script_path === query.path) &&
  (query.is_flow ?? false) === false &&
  schedule.path.startsWith(query.path_start ?? '') &&
  (query.schedule_path === undefined || schedule.path === query.schedule_path) &&
  (query.label === undefined || schedule.labels?.includes(query.label) === true) &&
  has(schedule.summary, query.summary) &&
  has(schedule.description, query.description) &&
  [schedule.path, schedule.script_path, schedule.summary, schedule.description].some((text) =>
    has(text, query.broad_filter),
  ) &&
  argsFit(schedule, query.args);

/** The schedules of one page of a list. */
export const scheduleList = (schedules: Schedule[], query: ScheduleListQuery): Schedule[] =>
  schedules
    .filter((schedule) => fits(schedule, query))
    .slice((query.page - 1) * query.per_page, query.page * query.per_page);
