import { z } from 'zod';
import { FrameBatch, FramesTaken, TaskWork } from '../model/frame-batch.ts';
import { JobId } from '../model/ids.ts';
import { PACKAGE_LIMITS, PLACES_AT_ONCE } from '../model/package-archive.ts';
import { ControlAnswer, StatedContent } from '../model/runner.ts';
import { WorkspaceId } from '../model/workspace.ts';
import { contract, jsonAnswer, jsonBody, NoQuery, noBody } from './contract.ts';

const OfAttempt = z.object({
  workspace: WorkspaceId,
  id: JobId,
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .transform(Number),
});

/** Where a client may put something: PUT to `url` with these headers. */
const Invitation = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) });

/** A runner whose job has a large result asks where to put it: the job's own place for this attempt, once. */
export const resultUpload = contract({
  id: 'resultUpload',
  method: 'POST',
  path: '/frames/{workspace}/{id}/{attempt}/result_upload',
  summary: 'Where shall this result go?',
  params: OfAttempt,
  query: NoQuery,
  body: jsonBody(StatedContent),
  answer: jsonAnswer(200, Invitation),
  access: { needs: 'control-token' },
});

const Archive = StatedContent.extend({ bytes: z.number().int().positive().max(PACKAGE_LIMITS.archiveBytes) });

/** A dependencies job asks where to put archives of packages: each under the hash of its content, once. */
export const packageUploads = contract({
  id: 'packageUploads',
  method: 'POST',
  path: '/frames/{workspace}/{id}/{attempt}/package_uploads',
  summary: 'Where shall these packages go?',
  params: OfAttempt,
  query: NoQuery,
  body: jsonBody(z.object({ archives: z.array(Archive).min(1).max(PLACES_AT_ONCE) })),
  answer: jsonAnswer(200, z.object({ places: z.array(Invitation) })),
  access: { needs: 'control-token' },
});

/** A runner's question about its own attempt: an invocation cannot be stopped from outside, so it asks. */
export const attemptControl = contract({
  id: 'attemptControl',
  method: 'GET',
  path: '/frames/{workspace}/{id}/{attempt}/control',
  summary: 'Shall this attempt go on?',
  params: OfAttempt,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, ControlAnswer),
  access: { needs: 'control-token' },
});

/** A task's first question. It may be asked again while the attempt runs. */
export const attemptOrder = contract({
  id: 'attemptOrder',
  method: 'GET',
  path: '/frames/{workspace}/{id}/{attempt}/order',
  summary: 'What shall this task run?',
  params: OfAttempt,
  query: NoQuery,
  body: noBody,
  answer: jsonAnswer(200, TaskWork),
  access: { needs: 'control-token' },
});

/** What a task says, in batches: the lane that has no response stream. */
export const attemptFrames = contract({
  id: 'attemptFrames',
  method: 'POST',
  path: '/frames/{workspace}/{id}/{attempt}/frames',
  summary: 'The next of what this task says: log, stream, and at last how it ended',
  params: OfAttempt,
  query: NoQuery,
  body: jsonBody(FrameBatch),
  answer: jsonAnswer(200, FramesTaken),
  access: { needs: 'control-token' },
});
