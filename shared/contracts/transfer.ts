import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { JobId } from '../model/ids.ts';
import { contract, jsonBody, jsonTextAnswer, NoQuery, noBody, streamAnswer, textAnswer } from './contract.ts';
import { JobAnswer } from './job-shapes.ts';
import { InWorkspace, OfJob } from './params.ts';
import { Page, Time, wholeNumber } from './query-values.ts';

const mayAdminister = { needs: 'workspace', right: 'admin' } as const satisfies Access;

/** Of an export no page lies deeper: further jobs are reached by a later `created_after`. */
const DEEPEST = 20_000;

const ExportQuery = z
  .object({
    page: Page.default(1),
    per_page: wholeNumber(1, 1_000_000)
      .transform((size) => Math.min(1_000, size))
      .default(1_000),
    created_after: Time.optional(),
    created_before: Time.optional(),
  })
  .refine(({ page, per_page }) => page * per_page <= DEEPEST, {
    path: ['page'],
    message: `reaches further than ${DEEPEST} jobs: ask for later ones by created_after`,
  });

/** Oldest first, so that pages do not shift while jobs complete. */
export const exportCompletedJobs = contract({
  id: 'exportCompletedJobs',
  method: 'GET',
  path: '/w/{workspace}/jobs/completed/export',
  summary: 'Completed jobs whole: arguments, results and logs of any size',
  params: InWorkspace,
  query: ExportQuery,
  body: noBody,
  answer: streamAnswer(200, 'application/json'),
  access: mayAdminister,
});

export const exportQueuedJobs = contract({
  id: 'exportQueuedJobs',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/export',
  summary: 'Jobs that are queued or running, whole, by the time they are due',
  params: InWorkspace,
  query: ExportQuery,
  body: noBody,
  answer: streamAnswer(200, 'application/json'),
  access: mayAdminister,
});

export const deleteCompletedJob = contract({
  id: 'deleteCompletedJob',
  method: 'POST',
  path: '/w/{workspace}/jobs/completed/delete/{id}',
  summary: 'Wipe the arguments, the result and the log of a completed job; that it ran stays known',
  params: OfJob,
  query: NoQuery,
  body: noBody,
  answer: jsonTextAnswer(200, JobAnswer),
  access: mayAdminister,
});

/** Jobs that are still queued or running are refused with 400, and then none is deleted. */
export const deleteJobs = contract({
  id: 'deleteJobs',
  method: 'POST',
  path: '/w/{workspace}/jobs/delete',
  summary: 'Delete completed jobs as if they had never been; ids of none are passed over',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(z.array(JobId).min(1).max(100)),
  answer: textAnswer(200),
  access: mayAdminister,
});
