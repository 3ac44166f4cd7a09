import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { contract, jsonPiecesAnswer, NoQuery, noBody, streamAnswer } from './contract.ts';
import { OfJob } from './params.ts';
import { Flag, wholeNumber } from './query-values.ts';

/** All of them read one job by its id. */
const maySee = { needs: 'workspace', right: 'read', orViewToken: true } as const satisfies Access;

export const getJobLogs = contract({
  id: 'getJobLogs',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/get_logs/{id}',
  summary: 'The whole log of a job, streamed',
  params: OfJob,
  query: z.object({ remove_ansi_warnings: Flag.optional() }),
  body: noBody,
  answer: streamAnswer(200, 'text/plain'),
  access: maySee,
});

/** What an update stream starts from. Offsets count characters of the whole log. */
export const UpdateQuery = z.object({
  running: Flag.optional(),
  log_offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  stream_offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  get_progress: Flag.optional(),
  only_result: Flag.optional(),
  no_logs: Flag.optional(),
  fast: Flag.optional(),
  is_flow: Flag.optional(),
  poll_delay_ms: wholeNumber(50, 60_000).optional(),
});

export const getJobUpdatesSse = contract({
  id: 'getJobUpdatesSse',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/getupdate_sse/{id}',
  summary: 'Updates of a job as server-sent events, until it completes or 55 s have passed',
  params: OfJob,
  query: UpdateQuery,
  body: noBody,
  answer: streamAnswer(200, 'text/event-stream'),
  access: maySee,
});

export const getCompletedJobResult = contract({
  id: 'getCompletedJobResult',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/completed/get_result/{id}',
  summary: 'The result of a completed job, of any size',
  params: OfJob,
  query: NoQuery,
  body: noBody,
  answer: jsonPiecesAnswer(200),
  access: maySee,
});

/** All four keys are always there: Windmill's Python client indexes them. */
export const getCompletedJobResultMaybe = contract({
  id: 'getCompletedJobResultMaybe',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/completed/get_result_maybe/{id}',
  summary: 'The result of a job if it is there, and whether it started',
  params: OfJob,
  query: z.object({ get_started: Flag.optional() }),
  body: noBody,
  answer: jsonPiecesAnswer(
    200,
    z.object({ completed: z.boolean(), result: z.json(), success: z.boolean(), started: z.boolean() }),
  ),
  access: maySee,
});

export const getJobArgs = contract({
  id: 'getJobArgs',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/get_args/{id}',
  summary: 'The arguments of a job, whole',
  params: OfJob,
  query: NoQuery,
  body: noBody,
  answer: jsonPiecesAnswer(200),
  access: maySee,
});
