import { accumulated, type Batch, batchWith, type Debounce, isLongKey } from '../model/debounce.ts';
import { sha256Hex } from '../model/ids.ts';
import type { Job } from '../model/job.ts';
import { parseJson } from '../model/json.ts';
import type { RunRequest } from '../model/request.ts';
import type { BatchStore, JobStore, PayloadStore } from './ports.ts';

export type DebounceDeps = { batches: BatchStore; jobs: JobStore; payloads: PayloadStore };

/** The request as it joins its batch: when it runs, and with what the batch collected. */
export type Joined = { request: RunRequest; key: string; seen: Batch | undefined; batch: Batch & { due: number } };

const keyOf = async ({ key }: Debounce): Promise<string> => (isLongKey(key) ? sha256Hex(key) : key);

/** Two requests of one key at once: the later one joins again, this often. */
const TRIES = 5;

const waiting = async (deps: DebounceDeps, workspace: string, batch: Batch | undefined): Promise<Job | undefined> => {
  const job = batch === undefined ? undefined : await deps.jobs.get({ workspace, id: batch.job });
  return job?.status === 'queued' ? job : undefined;
};

/** Works out what a debounced request becomes. Writes nothing. */
export const joinBatch = async (deps: DebounceDeps, request: RunRequest, now: number): Promise<Joined | undefined> => {
  const debounce = request.settings?.debounce;
  if (debounce === undefined || request.scheduled_for > now) return undefined;
  const key = await keyOf(debounce);
  const seen = await deps.batches.read(request.workspace, key);
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
 * Makes the new job stand for its batch, and ends the one that stood for it before as skipped. The job is durable already: cut
 * in between, it finds at its claim that another stands for the batch, and is skipped itself.
 */
export const takeBatch = async (deps: DebounceDeps, joined: Joined, now: number): Promise<void> => {
  const { request, key, batch } = joined;
  let { seen } = joined;
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await deps.batches.replace(request.workspace, key, seen, batch)) {
      const earlier = await waiting(deps, request.workspace, seen);
      if (earlier !== undefined) await skip(deps, earlier, now, `debounced:${request.id}`);
      return;
    }
    seen = await deps.batches.read(request.workspace, key);
    if (seen?.job === request.id) return;
  }
};

/** Whether a job that was just claimed stands for its batch. If so, the batch is closed: what comes now begins another. */
export const standsForBatch = async (deps: { batches: BatchStore }, job: Job): Promise<boolean> =>
  job.debounce === undefined || deps.batches.close(job.workspace, await keyOf(job.debounce), job.id);

const skip = async (deps: DebounceDeps, job: Job, now: number, op: string): Promise<void> => {
  const result = await deps.payloads.put(job, 'result', 'null');
  await deps.jobs.skipQueued(job, { status: 'skipped', result, completedAt: now, durationMs: 0 }, op);
};
