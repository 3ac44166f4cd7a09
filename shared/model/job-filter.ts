import { isCompleted, isSuccess, type Job, type JobKind, type JobStatus } from './job.ts';
import { isJsonObject, type Json, parseJson } from './json.ts';

/** One or more texts of which one must fit, or, negated, none may. */
export type TextFilter = { values: string[]; negated: boolean; wildcards: boolean };

/** What a list of jobs is narrowed to. Times in milliseconds since 1970, bounds exclusive. */
export type JobFilter = {
  kinds?: JobKind[] | undefined;
  state?: 'live' | 'completed' | undefined;
  running?: boolean | undefined;
  success?: boolean | undefined;
  status?: JobStatus[] | undefined;
  path?: TextFilter | undefined;
  pathStart?: TextFilter | undefined;
  createdBy?: TextFilter | undefined;
  tag?: TextFilter | undefined;
  label?: TextFilter | undefined;
  worker?: TextFilter | undefined;
  schedulePath?: TextFilter | undefined;
  triggerKind?: TextFilter | undefined;
  hash?: string | undefined;
  parentJob?: string | undefined;
  hasNullParent?: boolean | undefined;
  isFlowStep?: boolean | undefined;
  isSkipped?: boolean | undefined;
  isNotSchedule?: boolean | undefined;
  dueBefore?: number | undefined;
  createdBefore?: number | undefined;
  createdAfter?: number | undefined;
  startedBefore?: number | undefined;
  startedAfter?: number | undefined;
  completedBefore?: number | undefined;
  completedAfter?: number | undefined;
  broad?: string | undefined;
  args?: Json | undefined;
  result?: Json | undefined;
  /** Who asks may see only these; absent: all. */
  visible?: ((job: Pick<Job, 'created_by' | 'permissioned_as' | 'path' | 'visible_to_owner'>) => boolean) | undefined;
};

/** What the indexes show of a job: only what is fixed when it is made. */
export type JobRow = Pick<
  Job,
  'id' | 'workspace' | 'kind' | 'created_by' | 'permissioned_as' | 'tag' | 'created_at' | 'scheduled_for'
> &
  Partial<Pick<Job, 'path' | 'schedule_path' | 'parent_job'>>;

/** `*` stands for any text. Looks at each character a bounded number of times, whatever the pattern. */
const globFits = (value: string, pattern: string): boolean => {
  const parts = pattern.split('*');
  const head = parts.at(0) ?? '';
  const tail = parts.at(-1) ?? '';
  if (!value.startsWith(head) || !value.endsWith(tail) || value.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= value.length - tail.length;
};

const oneFits = (value: string, pattern: string, wildcards: boolean): boolean =>
  wildcards && pattern.includes('*') ? globFits(value, pattern) : value === pattern;

const fits = (filter: TextFilter | undefined, values: (string | undefined)[]): boolean => {
  if (filter === undefined) return true;
  const some = filter.values.some((wanted) =>
    values.some((value) => value !== undefined && oneFits(value, wanted, filter.wildcards)),
  );
  return some !== filter.negated;
};

const startsWith = (filter: TextFilter | undefined, value: string | undefined): boolean =>
  filter === undefined || filter.values.some((start) => value?.startsWith(start) ?? false) !== filter.negated;

const is = (wanted: boolean | undefined, value: boolean): boolean => wanted === undefined || wanted === value;
const before = (bound: number | undefined, value: number | undefined): boolean =>
  bound === undefined || (value !== undefined && value < bound);
const after = (bound: number | undefined, value: number | undefined): boolean =>
  bound === undefined || (value !== undefined && value > bound);

/** The part of a filter that an index row can answer. */
export const rowFits = (filter: JobFilter, row: JobRow): boolean =>
  (filter.kinds?.includes(row.kind) ?? true) &&
  fits(filter.path, [row.path]) &&
  startsWith(filter.pathStart, row.path) &&
  fits(filter.createdBy, [row.created_by]) &&
  fits(filter.tag, [row.tag]) &&
  fits(filter.schedulePath, [row.schedule_path]) &&
  (filter.parentJob === undefined || row.parent_job === filter.parentJob) &&
  is(filter.hasNullParent, row.parent_job === undefined) &&
  (filter.isFlowStep ?? false) === false &&
  (!filter.isNotSchedule || row.schedule_path === undefined) &&
  // Whether its path shows a job is in the job alone: a row that cannot be shown even then is left unread.
  (filter.visible?.({ ...row, visible_to_owner: true }) ?? true) &&
  before(filter.dueBefore, row.scheduled_for) &&
  before(filter.createdBefore, row.created_at) &&
  after(filter.createdAfter, row.created_at);

/** True when nothing but a row is needed to decide: the jobs themselves can be left unread until they are shown. */
export const needsOnlyRows = (filter: JobFilter): boolean =>
  [
    filter.state,
    filter.running,
    filter.success,
    filter.status,
    filter.label,
    filter.worker,
    filter.triggerKind,
    filter.hash,
    filter.isSkipped,
    filter.startedBefore,
    filter.startedAfter,
    filter.completedBefore,
    filter.completedAfter,
    filter.broad,
    filter.args,
    filter.result,
    filter.visible,
  ].every((part) => part === undefined);

/** `part` is contained in `whole` as JSON: objects by key, arrays by membership, scalars by equality. */
export const containsJson = (whole: Json, part: Json): boolean => {
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((wanted) => whole.some((value) => containsJson(value, wanted)));
  if (isJsonObject(part))
    return (
      isJsonObject(whole) &&
      Object.entries(part).every(([name, wanted]) => {
        const value = Object.hasOwn(whole, name) ? whole[name] : undefined;
        return value !== undefined && containsJson(value, wanted);
      })
    );
  return whole === part;
};

/** Arguments and results that stand beside the job, not in it, are never searched: they match no subset. */
const payloadContains = (part: Json | undefined, payload: Job['args'] | undefined): boolean => {
  if (part === undefined) return true;
  if (payload?.at !== 'inline') return false;
  const json = parseJson(payload.text);
  return json.ok && containsJson(json.value, part);
};

const broadFits = (text: string | undefined, job: Job): boolean => {
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [job.path, job.tag, job.schedule_path, job.trigger_kind, ...(job.labels ?? [])].some(
    (value) => value?.toLowerCase().includes(wanted) ?? false,
  );
};

/** The whole filter, on the job itself. `success=false` takes canceled jobs too, `success=true` skipped ones. */
export const jobFits = (filter: JobFilter, job: Job): boolean => {
  const completed = isCompleted(job.status);
  return (
    rowFits(filter, job) &&
    (filter.visible?.(job) ?? true) &&
    (filter.state === undefined || (filter.state === 'completed') === completed) &&
    is(filter.running, job.status === 'running') &&
    (filter.success === undefined || (completed && isSuccess(job.status) === filter.success)) &&
    (filter.status?.includes(job.status) ?? true) &&
    is(filter.isSkipped, job.status === 'skipped') &&
    fits(filter.label, job.labels ?? [undefined]) &&
    fits(filter.worker, [job.worker]) &&
    fits(filter.triggerKind, [job.trigger_kind]) &&
    (filter.hash === undefined || job.hash === filter.hash) &&
    before(filter.startedBefore, job.started_at) &&
    after(filter.startedAfter, job.started_at) &&
    before(filter.completedBefore, job.completed_at) &&
    after(filter.completedAfter, job.completed_at) &&
    broadFits(filter.broad, job) &&
    payloadContains(filter.args, job.args) &&
    payloadContains(filter.result, job.result)
  );
};
