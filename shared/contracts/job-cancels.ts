import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { JobId } from '../model/ids.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, textAnswer } from './contract.ts';
import { InWorkspace, OfJob, OfPath } from './params.ts';
import { Flag } from './query-values.ts';

const mayRun = { needs: 'workspace', right: 'run' } as const satisfies Access;
const Reason = jsonBody(z.object({ reason: z.string().max(2_000).nullish() }));
/** As many as are canceled well within the 30 s that a request may take. */
const MOST_SELECTED = 1_000;

/** A queued job ends at once; a running one when its runner asks next, at most about 3 s later. */
export const cancelQueuedJob = contract({
  id: 'cancelQueuedJob',
  method: 'POST',
  path: '/w/{workspace}/jobs_u/queue/cancel/{id}',
  summary: 'Cancel a job, and before it the live jobs that it started',
  params: OfJob,
  query: NoQuery,
  body: Reason,
  answer: textAnswer(200),
  access: mayRun,
});

/** Ends running jobs at once, whatever their processes do until they are told. */
export const forceCancelQueuedJob = contract({
  id: 'forceCancelQueuedJob',
  method: 'POST',
  path: '/w/{workspace}/jobs_u/queue/force_cancel/{id}',
  summary: 'Cancel a job without waiting for its worker, with all live jobs above and below it',
  params: OfJob,
  query: NoQuery,
  body: Reason,
  answer: textAnswer(200),
  access: mayRun,
});

/** Ids of jobs that are over, unknown, not the caller's to see, or future ticks of schedules are passed over. */
export const cancelSelection = contract({
  id: 'cancelSelection',
  method: 'POST',
  path: '/w/{workspace}/jobs/queue/cancel_selection',
  summary: 'Cancel jobs by their ids (at most 1,000); answers the ids of those that are canceled',
  params: InWorkspace,
  query: z.object({ force_cancel: Flag.default(false) }),
  body: jsonBody(z.array(JobId).max(MOST_SELECTED, `must name at most ${MOST_SELECTED} jobs`)),
  answer: jsonAnswer(200, z.array(z.string())),
  access: mayRun,
});

/** Stops a perpetual script: no run of it follows. */
export const cancelPersistentQueuedJobs = contract({
  id: 'cancelPersistentQueuedJobs',
  method: 'POST',
  path: '/w/{workspace}/jobs_u/queue/cancel_persistent/{path+}',
  summary: 'Cancel all queued and running jobs of a path, except future ticks of schedules',
  params: OfPath,
  query: NoQuery,
  body: Reason,
  answer: textAnswer(200),
  access: mayRun,
});
