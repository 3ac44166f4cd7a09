import { z } from 'zod';
import { JobId } from '../model/ids.ts';
import { ControlAnswer } from '../model/runner.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, NoQuery, noBody } from './contract.ts';

/** A runner's question about its own attempt: an invocation cannot be stopped from outside, so it asks. */
export const attemptControl = contract({
  id: 'attemptControl',
  method: 'GET',
  path: '/frames/{workspace}/{id}/{attempt}/control',
  summary: 'Shall this attempt go on?',
  params: z.object({
    workspace: WorkspaceId,
    id: JobId,
    attempt: z
      .string()
      .regex(/^[1-9]\d{0,8}$/)
      .transform(Number),
  }),
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, ControlAnswer),
  access: { needs: 'control-token' },
});
