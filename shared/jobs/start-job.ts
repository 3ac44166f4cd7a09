import { launchLine } from '../model/audit.ts';
import { Problem } from '../model/errors.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import { hasReferences } from '../model/references.ts';
import { type RunRequest, textOf } from '../model/request.ts';
import { type DebounceDeps, joinBatch, takeBatch } from './debounce-run.ts';
import type { PayloadStore } from './payload-ports.ts';
import type { JobQueue } from './ports.ts';
import type { AuditTrail } from './value-ports.ts';

/** What starting a job needs of the outside. */
export type StartDeps = DebounceDeps & { queue: JobQueue; audit: AuditTrail };

/**
 * Makes the job durable, then sends its message. Payloads first, then one conditional put: a crash in between leaves at
 * most unreferenced payloads; a crash before the send is found by the reaper. The same repeatable request again answers
 * the same job; another request under its id is 422, a chosen id that is taken is 400.
 */
export const startJob = async (deps: StartDeps, request: RunRequest, op: string, now: number): Promise<Job> => {
  const joined = await joinBatch(deps, request, now);
  const job = await newJob(deps.payloads, request, op, now, joined?.request);
  const { started, fresh } = await createOnce(deps, job, request.repeatable);
  // A request that was cut before it joined its batch does so when it is repeated.
  if (joined !== undefined && (fresh || isUnclaimed(started)))
    await takeBatch(deps, started, request, { joined, args: job.args }, now);
  if (fresh || started.status === 'queued') await deps.queue.send(started, started.scheduled_for, now);
  return started;
};

/**
 * Starts a job that another job's end asks for: its id is made from that job's, so that asking twice makes one job. What
 * is there already under that id stays as it is; its message is sent again while it waits.
 */
export const startOnce = async (deps: StartDeps, request: RunRequest, now: number): Promise<void> => {
  const known = await deps.jobs.get(request);
  if (known?.status === 'queued') return deps.queue.send(known, known.scheduled_for, now);
  if (known !== undefined) return;
  const job = await newJob(deps.payloads, request, `once:${request.id}`, now);
  await createOnce(deps, job, true);
  await deps.queue.send(job, job.scheduled_for, now);
};

/** The first half of `startJob`: the job is durable, and nobody is told of it but the reaper, in its first minute. */
export const createJob = async (
  deps: StartDeps,
  request: RunRequest,
  op: string,
  now: number,
): Promise<{ started: Job; fresh: boolean }> =>
  createOnce(deps, await newJob(deps.payloads, request, op, now), request.repeatable);

/**
 * Starts a job that is made already claimed by the caller, who runs it himself: no queue hop. `fresh` false: the
 * request had been made before, and somebody else may be running it.
 */
export const startClaimedJob = async (
  deps: Pick<StartDeps, 'jobs' | 'payloads' | 'audit'>,
  request: RunRequest,
  claim: { worker: string; op: string },
  now: number,
): Promise<{ started: Job; fresh: boolean }> => {
  const job = await newJob(deps.payloads, request, claim.op, now);
  const claimed: Job = { ...job, status: 'running', attempt: 1, tries: 1, started_at: now, worker: claim.worker };
  return createOnce(deps, claimed, request.repeatable);
};

/** The audit line is written beside the job, so that it costs no time: both are there before anybody is answered. */
const createOnce = async (
  deps: Pick<StartDeps, 'jobs' | 'audit'>,
  job: Job,
  repeatable: boolean,
): Promise<{ started: Job; fresh: boolean }> => {
  const [outcome] = await Promise.all([deps.jobs.create(job), deps.audit.append(launchLine(job))]);
  if (outcome.created) return { started: job, fresh: true };
  if (!repeatable) throw new Problem(400, `Job with id ${job.id} already exists`);
  if (outcome.existing.request === job.request) return { started: outcome.existing, fresh: false };
  throw new Problem(
    422,
    'Idempotency-Key or args_ref was used before with another request: send a new one, or the same request',
  );
};

const isUnclaimed = ({ status, attempt }: Job): boolean => status === 'queued' && attempt === 0;

/** `joined`: what the request became by joining a batch; what tells it from another is what was asked. */
const newJob = async (
  payloads: PayloadStore,
  asked: RunRequest,
  op: string,
  now: number,
  joined?: RunRequest,
): Promise<Job> => {
  const request = joined ?? asked;
  const { runnable, owner } = request;
  const key = { workspace: request.workspace, id: request.id };
  const argsText = textOf(request);
  const [args, code, digest] = await Promise.all([
    request.storedArgs ?? payloads.put(key, 'args', argsText),
    'code' in runnable ? payloads.put(key, 'code', runnable.code) : undefined,
    request.repeatable ? sha256Hex(JSON.stringify([runnable, textOf(asked), request.tag])) : undefined,
  ]);
  return {
    ...key,
    ...owner,
    kind: runnable.kind,
    status: 'queued',
    tag: request.tag,
    language: runnable.language,
    args,
    ...(hasReferences(argsText) ? { refs: true } : {}),
    created_at: now,
    scheduled_for: request.scheduled_for,
    attempt: 0,
    tries: 0,
    timeout_s: request.timeout_s,
    visible_to_owner: request.visible_to_owner,
    op,
    ...(runnable.path === undefined ? {} : { path: runnable.path }),
    ...('hash' in runnable ? { hash: runnable.hash } : {}),
    ...(code === undefined ? {} : { code }),
    ...(digest === undefined ? {} : { request: digest.slice(0, 32) }),
    ...(request.trigger_kind === undefined ? {} : { trigger_kind: request.trigger_kind }),
    ...(request.schedule_path === undefined ? {} : { schedule_path: request.schedule_path }),
    ...(request.parent_job === undefined ? {} : { parent_job: request.parent_job }),
    ...(request.root_job === undefined ? {} : { root_job: request.root_job }),
    ...(request.entrypoint === undefined ? {} : { entrypoint: request.entrypoint }),
    ...(request.priority === undefined ? {} : { priority: request.priority }),
    ...(request.labels === undefined || request.labels.length === 0 ? {} : { labels: request.labels }),
    ...request.settings,
  };
};
