import type { JobListQuery } from '../../shared/contracts/job-lists.ts';
import { commaList } from '../../shared/model/args-assembly.ts';
import { badRequest } from '../../shared/model/errors.ts';
import { JobKind, JobStatus } from '../../shared/model/job.ts';
import type { JobFilter, TextFilter } from '../../shared/model/job-filter.ts';

/** `a,b`: one of them; `!a,b`: none of them. */
const textFilter = (text: string | undefined, wildcards = false): TextFilter | undefined => {
  if (text === undefined) return undefined;
  const negated = text.startsWith('!');
  const values = commaList(text).map((value) => value.replace(/^!/, ''));
  return { values, negated, wildcards };
};

/** Kinds that Windmill knows and this installation does not have match no job. */
const kindsOf = (text: string | undefined): JobKind[] | undefined => {
  const filter = textFilter(text);
  if (filter === undefined) return undefined;
  return JobKind.options.filter((kind) => filter.values.includes(kind) !== filter.negated);
};

const COMPLETED_STATUS = JobStatus.exclude(['queued', 'running']);

const statusOf = (text: string | undefined): JobStatus[] | undefined => {
  const filter = textFilter(text);
  if (filter === undefined) return undefined;
  for (const value of filter.values) {
    if (!COMPLETED_STATUS.safeParse(value).success)
      throw badRequest(`Bad request: query status: ${value} is none of ${COMPLETED_STATUS.options.join(', ')}`);
  }
  return COMPLETED_STATUS.options.filter((status) => filter.values.includes(status) !== filter.negated);
};

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
const later = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);

/** The filter that a list's query asks for. Throws 400 for a status that does not exist. */
export const jobFilterOf = (query: JobListQuery, state: JobFilter['state'] | undefined, now: number): JobFilter => ({
  state,
  kinds: kindsOf(query.job_kinds),
  running: query.running,
  success: query.success,
  status: statusOf(query.status),
  path: textFilter(query.script_path_exact),
  pathStart: textFilter(query.script_path_start),
  createdBy: textFilter(query.created_by),
  tag: textFilter(query.tag, query.allow_wildcards),
  label: textFilter(query.label, query.allow_wildcards),
  worker: textFilter(query.worker, query.allow_wildcards),
  schedulePath: textFilter(query.schedule_path),
  triggerKind: textFilter(query.trigger_kind),
  hash: query.script_hash,
  parentJob: query.parent_job,
  hasNullParent: query.has_null_parent,
  isFlowStep: query.is_flow_step,
  isSkipped: query.is_skipped,
  isNotSchedule: query.is_not_schedule,
  dueBefore: query.scheduled_for_before_now ? now : undefined,
  createdBefore: earlier(query.created_before, query.created_before_queue),
  createdAfter: later(query.created_after, query.created_after_queue),
  startedBefore: query.started_before,
  startedAfter: query.started_after,
  completedBefore: query.completed_before,
  completedAfter: query.completed_after,
  broad: query.broad_filter,
  args: query.args,
  result: query.result,
});
