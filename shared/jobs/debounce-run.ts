import { accumulated, type Batch, batchWith, type Debounce, isLongKey } from '../model/debounce.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job, JobKey, Payload } from '../model/job.ts';
import { parseJson } from '../model/json.ts';
import { hasReferences } from '../model/references.ts';
import { type RunRequest, textOf } from '../model/request.ts';
import { expiryOf } from './finish-job.ts';
import type { BatchStore } from './limit-ports.ts';
import type { PayloadStore } from './payload-ports.ts';
import type { JobStore, Settings } from './ports.ts';

export type DebounceDeps = { batches: BatchStore; jobs: JobStore; payloads: PayloadStore; settings: Settings };

/** The request as it joins its batch: when it runs, and with what the batch collected. */
export type Joined = { request: RunRequest; key: string; seen: Batch | undefined; batch: Batch & { due: number } };

const keyOf = async ({ key }: Debounce): Promise<string> => (isLongKey(key) ? sha256Hex(key) : key);

/** Two requests of one key at once: the later one joins again, this often. */
const TRIES = 8;

const waiting = async (deps: DebounceDeps, workspace: string, batch: Batch | undefined): Promise<Job | undefined> => {
  const job = batch === undefined ? undefined : await deps.jobs.get({ workspace, id: batch.job });
  return job?.status === 'queued' ? job : undefined;
};

/**
 * Works out what a debounced request becomes. Writes nothing. Undefined: it is not debounced, or its job stands for the batch
 * already.
 */
export const joinBatch = async (deps: DebounceDeps, request: RunRequest, now: number): Promise<Joined | undefined> => {
  const debounce = request.settings?.debounce;
  if (debounce === undefined || request.scheduled_for > now) return undefined;
  const key = await keyOf(debounce);
  const seen = await deps.batches.read(request.workspace, key);
  if (seen?.job === request.id) return undefined;
  const earlier = await waiting(deps, request.workspace, seen);
  const batch = batchWith(debounce, earlier === undefined ? undefined : seen, request.id, now);
  const { argsText: _text, ...rest } = { ...request, scheduled_for: batch.due };
  if (earlier === undefined || debounce.accumulate === undefined)
    return { request: { ...request, scheduled_for: batch.due }, key, seen, batch };
  const collected = parseJson(await deps.payloads.get(earlier, earlier.args));
  return {
    request: { ...rest, args: accumulated(debounce, collected.ok ? collected.value : null, request.args) },
    key,
    seen,
    batch,
  };
};

/**
 * Makes a job that is durable stand for its batch, with what the batch has collected by then, and ends the one that stood for
 * it before as skipped. Done again it changes nothing. Cut in between, the job finds at its claim that another stands for
 * the batch, and is skipped itself: nobody was answered yet, and a repeated request joins again. Throws when too many others
 * join at the same time.
 */
export const takeBatch = async (
  deps: DebounceDeps,
  started: Job,
  asked: RunRequest,
  first: { joined: Joined; args: Payload },
  now: number,
): Promise<void> => {
  let next: { joined: Joined; args: Payload } | undefined = first;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const { joined, args }: { joined: Joined; args: Payload } = next;
    const op = `batch:${started.id}:${tries}`;
    const differ = JSON.stringify(args) !== JSON.stringify(started.args) || tries > 0;
    if (differ && (await deps.jobs.replaceArgs(started, args, hasReferences(textOf(joined.request)), op)) === undefined)
      return;
    const { request, key, seen, batch } = joined;
    if (await deps.batches.replace(request.workspace, key, seen, batch)) {
      return skipEarlier(deps, request, batch.over, now);
    }
    next = await joinAgain(deps, asked, now);
    if (next === undefined) return;
  }
  throw new Error(`job ${started.id} could not join its batch: too many others did`);
};

const joinAgain = async (
  deps: DebounceDeps,
  asked: RunRequest,
  now: number,
): Promise<{ joined: Joined; args: Payload } | undefined> => {
  const joined = await joinBatch(deps, asked, now);
  return joined && { joined, args: await deps.payloads.put(asked, 'args', textOf(joined.request)) };
};

/**
 * Whether a job that was just claimed stands for its batch. If so, the batch is closed: what comes now begins another. The job
 * whose place it took is skipped already, unless whoever took it died in between: then here.
 */
export const standsForBatch = async (deps: DebounceDeps, job: Job, now: number): Promise<boolean> => {
  if (job.debounce === undefined) return true;
  const closed = await deps.batches.close(job.workspace, await keyOf(job.debounce), job.id, job.created_at);
  if (!closed.stands) return false;
  await skipEarlier(deps, job, closed.over, now);
  return true;
};

const skipEarlier = async (
  deps: DebounceDeps,
  { workspace, id }: JobKey,
  over: string | undefined,
  now: number,
): Promise<void> => {
  const earlier = over === undefined ? undefined : await deps.jobs.get({ workspace, id: over });
  if (earlier?.status === 'queued') await skip(deps, earlier, now, `debounced:${id}`);
};

const skip = async (deps: DebounceDeps, job: Job, now: number, op: string): Promise<void> => {
  const result = await deps.payloads.put(job, 'result', 'null');
  const expires = await expiryOf(deps.settings, job, now);
  await deps.jobs.skipQueued(job, { status: 'skipped', result, completedAt: now, durationMs: 0, ...expires }, op);
};
