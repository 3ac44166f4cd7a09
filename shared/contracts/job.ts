import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { contract, jsonAnswer, jsonTextAnswer, NoQuery, noBody, textAnswer } from './contract.ts';
import { JobAnswer } from './job-shapes.ts';
import { OfJob } from './params.ts';
import { Flag, wholeNumber } from './query-values.ts';

const mayRead = { needs: 'workspace', right: 'read' } as const satisfies Access;
/** Or holding a link to the job, or to one that it belongs to. */
const maySee = { ...mayRead, orViewToken: true } as const satisfies Access;
const mayRun = { needs: 'workspace', right: 'run' } as const satisfies Access;
const byId = { params: OfJob, query: NoQuery, body: noBody };

export const getJob = contract({
  id: 'getJob',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/get/{id}',
  summary: 'A job; large arguments and results as placeholders, the last 20,000 characters of its log',
  params: OfJob,
  query: z.object({ no_logs: Flag.optional(), no_code: Flag.optional() }),
  body: noBody,
  answer: jsonTextAnswer(200, JobAnswer),
  access: maySee,
});

export const getRootJobId = contract({
  id: 'getRootJobId',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/get_root_job_id/{id}',
  summary: 'The id of the job at whose top this one stands: its own without one',
  ...byId,
  answer: textAnswer(200),
  access: maySee,
});

/** `log_offset` counts characters of the whole log, those in S3 too; `stream_offset` those of what the job streams. */
export const getJobUpdates = contract({
  id: 'getJobUpdates',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/getupdate/{id}',
  summary: 'What became of a job since the offsets; `completed` comes only with the last of its log and stream',
  params: OfJob,
  query: z.object({
    running: Flag.optional(),
    log_offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
    stream_offset: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
    get_progress: Flag.optional(),
    no_logs: Flag.optional(),
  }),
  body: noBody,
  answer: jsonAnswer(
    200,
    z.object({
      running: z.boolean(),
      completed: z.boolean(),
      log_offset: z.number(),
      new_logs: z.string().optional(),
      stream_offset: z.number().optional(),
      new_result_stream: z.string().optional(),
      mem_peak: z.number().optional(),
      /** Only where it was asked for, of a job that tells it. */
      progress: z.number().optional(),
    }),
  ),
  access: maySee,
});

export const getCompletedJob = contract({
  id: 'getCompletedJob',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/completed/get/{id}',
  summary: 'A completed job; 404 until it is',
  ...byId,
  answer: jsonTextAnswer(200, JobAnswer),
  access: maySee,
});

export const getCompletedJobTiming = contract({
  id: 'getCompletedJobTiming',
  method: 'GET',
  path: '/w/{workspace}/jobs_u/completed/get_timing/{id}',
  summary: 'When a completed job was made and started, and how long it took',
  ...byId,
  answer: jsonAnswer(
    200,
    z.object({ created_at: z.string(), started_at: z.string().optional(), duration_ms: z.number().optional() }),
  ),
  access: maySee,
});

export const runQueuedJobNow = contract({
  id: 'runQueuedJobNow',
  method: 'POST',
  path: '/w/{workspace}/jobs/queue/run_now/{id}',
  summary: 'Make a job that is queued for later due now',
  ...byId,
  answer: textAnswer(200),
  access: mayRun,
});

/** Good for whoever is logged in, whatever he is in the workspace, for as long as the job exists. */
export const getJobViewToken = contract({
  id: 'getJobViewToken',
  method: 'GET',
  path: '/w/{workspace}/jobs/job_view_token/{id}',
  summary: 'A token that shows this job, and the jobs that belong to it, to any user: `view_token=` or `X-View-Token`',
  ...byId,
  answer: textAnswer(200),
  access: mayRead,
});

/** Good for whoever holds it, without a login. */
export const getJobPublicViewToken = contract({
  id: 'getJobPublicViewToken',
  method: 'GET',
  path: '/w/{workspace}/jobs/job_public_view_token/{id}',
  summary: 'A token that shows this job, and the jobs that belong to it, to anybody who holds it',
  ...byId,
  answer: textAnswer(200),
  access: mayRead,
});

export const getScheduledFor = contract({
  id: 'getScheduledFor',
  method: 'GET',
  path: '/w/{workspace}/jobs/queue/scheduled_for/{id}',
  summary: 'When a job is due, in milliseconds since 1970',
  ...byId,
  answer: jsonAnswer(200, z.number()),
  access: mayRead,
});
