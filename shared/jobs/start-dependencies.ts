import { uuidV5 } from '../model/ids.ts';
import { isCompleted, type Job } from '../model/job.ts';
import { DEPENDENCY_TAG, defaultTag, type Language } from '../model/language.ts';
import type { RunRequest } from '../model/request.ts';
import { expiryOf } from './finish-job.ts';
import type { JobQueue } from './ports.ts';
import { createJob, type StartDeps } from './start-job.ts';

/** The version that packages are looked for, and whose wish it is. */
export type DependenciesWish = {
  workspace: string;
  path: string;
  hash: string;
  language: Language;
  owner: RunRequest['owner'];
  /** The dependencies job whose archives were lost, where they are to be made anew. */
  after?: string;
};

/** A tag of their own, where a worker group serves it. */
export const dependenciesTag = (queue: Pick<JobQueue, 'serves'>, language: Language): string =>
  queue.serves(DEPENDENCY_TAG) ? DEPENDENCY_TAG : defaultTag(language);

/** Namespace of the ids of dependencies jobs. */
const DEPENDENCIES = '0b8f5a52-41f5-5c19-8d3e-2f6f0d8f7f3a';
/** Building packages from source takes its time. */
const TIMEOUT_S = 600;
/** A version that was deleted and made again has a job for each time. */
const MOST_TIMES = 20;

/**
 * Makes the dependencies job of a version durable, and does not send it: the version is saved in between. So a crash
 * at any moment leaves either nothing to do (no version: the job skips itself when the reaper sends it) or a job that the
 * reaper sends. The id follows from the version: asking twice makes one job.
 */
export const makeDependenciesJob = async (deps: StartDeps, wish: DependenciesWish, now: number): Promise<Job> => {
  const { workspace, path, hash, language, owner, after } = wish;
  let id = await (after === undefined
    ? uuidV5(DEPENDENCIES, JSON.stringify([workspace, hash]))
    : uuidV5(after, 'rebuild'));
  for (let times = 0; times < MOST_TIMES; times += 1) {
    const request: RunRequest = {
      workspace,
      runnable: { kind: 'dependencies', path, hash, language },
      args: {},
      owner,
      tag: dependenciesTag(deps.queue, language),
      timeout_s: TIMEOUT_S,
      id,
      repeatable: true,
      scheduled_for: now,
      visible_to_owner: true,
      trigger_kind: 'deployment',
    };
    const { started } = await createJob(deps, request, `dependencies:${id}`, now);
    if (!isCompleted(started.status)) return started;
    id = await uuidV5(id, 'again');
  }
  throw new Error(`version ${hash} was made too often`);
};

/** Ends a job whose version was not saved after all. */
export const skipDependenciesJob = async (deps: StartDeps, job: Job, now: number): Promise<void> => {
  const expires = await expiryOf(deps.settings, job, now);
  const result = { at: 'inline' as const, text: 'null' };
  await deps.jobs.skipQueued(job, { status: 'skipped', result, completedAt: now, ...expires }, `unsaved:${job.id}`);
};
