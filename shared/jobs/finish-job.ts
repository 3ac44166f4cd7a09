import { type Completion, canceled } from '../model/completion.ts';
import { asShown } from '../model/deletion.ts';
import { owedBy } from '../model/followups.ts';
import type { Job, LogTail } from '../model/job.ts';
import { joinedLabels } from '../model/marked-result.ts';
import { expiresAt } from '../model/retention.ts';
import type { PayloadStore } from './payload-ports.ts';
import type { Canceler, JobStore, Report, Settings, StoredCompletion } from './ports.ts';
import { type DebtDeps, type FollowupDeps, runFollowups } from './run-followups.ts';

/** What ending a job takes. */
type EndDeps = { jobs: JobStore; payloads: PayloadStore; settings: Settings; report: Report };

/** The same, and to pay what it owes then. */
export type FinishDeps = FollowupDeps & EndDeps;

/** The same, and to pay what it owes then or to have it paid. */
export type FinishOrTellDeps = EndDeps & (FollowupDeps | DebtDeps);

type Details = { op: string; now: number; logTail?: LogTail; canceledBy?: string; canceledReason?: string };

/**
 * Ends an attempt by one conditional write: first writer wins. A job that somebody asked to cancel ends as canceled,
 * whatever its process did meanwhile, so that an acknowledged cancel is always seen. Undefined: the attempt was over
 * already, and nothing was changed. What the job owes then is paid before this resolves, or by the reaper.
 */
export const finishJob = async (
  deps: FinishOrTellDeps,
  job: Job,
  completion: Completion,
  more: Details,
): Promise<Job | undefined> => {
  const end = await finishMasked(deps, job, completion, more, undefined);
  return end === 'unmasked' ? undefined : end;
};

/**
 * The same with texts that were masked for revision `masks` of the job's secrets. `unmasked`: secrets came to it since,
 * nothing was changed, and the texts must be masked again. Revision undefined: no secret can have been missed.
 */
export const finishMasked = async (
  deps: FinishOrTellDeps,
  job: Job,
  completion: Completion,
  more: Details,
  masks: number | undefined,
): Promise<Job | 'unmasked' | undefined> => {
  const stored = await store(deps, job, completion, more);
  const outcome = await deps.jobs.finish(job, job.attempt, stored, more.op, masks);
  if (outcome.finished) return pay(deps, outcome.job, completion, more.now);
  const now = outcome.job;
  if (isUnmasked(job, now, masks)) return 'unmasked';
  if (now?.status !== 'running' || now.attempt !== job.attempt || now.canceled_by === undefined) return undefined;
  const by: Canceler = { by: now.canceled_by, reason: now.canceled_reason };
  const end = canceled(by.by, by.reason);
  const instead = await store(deps, job, end, more);
  const second = await deps.jobs.finish(job, job.attempt, { ...instead, ...cancelFields(by) }, more.op, masks);
  if (second.finished) return pay(deps, second.job, end, more.now);
  return isUnmasked(job, second.job, masks) ? 'unmasked' : undefined;
};

const isUnmasked = (job: Job, now: Job | undefined, masks: number | undefined): boolean =>
  masks !== undefined && now?.status === 'running' && now.attempt === job.attempt && (now.masks ?? 0) !== masks;

/**
 * Of a job whose result goes at its end the caller has the last sight of it, for he may have to answer it; one so large that
 * it never was here is gone for him too.
 */
const pay = async (deps: FinishOrTellDeps, job: Job, { result, stored }: Completion, now: number): Promise<Job> => {
  await runFollowups(deps, job, now);
  if (job.delete_after_secs !== 0) return job;
  return stored === undefined ? { ...job, result: { at: 'inline', text: result } } : asShown(job, now);
};

/** `canceled_by` and `canceled_reason` as a completion carries them. */
export const cancelFields = (by: Canceler): Pick<StoredCompletion, 'canceledBy' | 'canceledReason'> => ({
  canceledBy: by.by,
  ...(by.reason === undefined ? {} : { canceledReason: by.reason }),
});

/** The time to live is stamped by the very write that ends a job: live jobs have none. */
export const expiryOf = async (
  settings: Settings,
  job: Job,
  now: number,
): Promise<Pick<StoredCompletion, 'expires'>> => {
  const expires = expiresAt(job, now, await settings.read(now));
  return expires === undefined ? {} : { expires };
};

const store = async (
  deps: Pick<FinishDeps, 'payloads' | 'settings'>,
  job: Job,
  completion: Completion,
  more: Details,
): Promise<StoredCompletion> => ({
  status: completion.status,
  result: completion.stored ?? (await deps.payloads.put(job, 'result', completion.result)),
  completedAt: more.now,
  ...(job.started_at === undefined ? {} : { durationMs: Math.max(0, more.now - job.started_at) }),
  followups: owedBy(job, completion.status),
  ...(await expiryOf(deps.settings, job, more.now)),
  ...(completion.labels === undefined ? {} : { labels: joinedLabels(job.labels, completion.labels) }),
  ...(completion.memPeakKb === undefined ? {} : { memPeakKb: completion.memPeakKb }),
  ...(more.logTail === undefined ? {} : { logTail: more.logTail }),
  ...(more.canceledBy === undefined ? {} : { canceledBy: more.canceledBy }),
  ...(more.canceledReason === undefined ? {} : { canceledReason: more.canceledReason }),
});
