import { z } from 'zod';
import { JobId } from '../model/ids.ts';
import { Percent } from '../model/progress.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody, textAnswer } from './contract.ts';
import { OfJob } from './params.ts';

/**
 * Progress only grows: a smaller value than the last is answered 200 and changes nothing, so that late requests are
 * harmless. `flow_job_id`, which clients send for a job that has a parent, tells nothing that the job does not know.
 */
export const setJobProgress = contract({
  id: 'setJobProgress',
  method: 'POST',
  path: '/w/{workspace}/job_metrics/set_progress/{id}',
  summary: 'How far a running job is, in percent: brought to 0 to 99, and never less than it was',
  params: OfJob,
  query: NoQuery,
  body: jsonBody(z.object({ percent: Percent, flow_job_id: z.union([JobId, z.literal('')]).nullish() })),
  answer: textAnswer(200),
  access: { needs: 'workspace', right: 'run' },
  unaudited: true,
});

export const getJobProgress = contract({
  id: 'getJobProgress',
  method: 'GET',
  path: '/w/{workspace}/job_metrics/get_progress/{id}',
  summary: 'What a job last said of its progress, in percent; null when it said nothing',
  params: OfJob,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, z.number().nullable()),
  access: { needs: 'workspace', right: 'read' },
});
