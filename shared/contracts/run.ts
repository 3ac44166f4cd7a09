import { z } from 'zod';
import type { Access } from '../access/decide.ts';
import { JobId } from '../model/ids.ts';
import { JsonObject } from '../model/json.ts';
import { StatedContent } from '../model/runner.ts';
import { ScriptHash, ScriptLanguage } from '../model/script.ts';
import { contract, jsonAnswer, jsonBody, jsonPiecesAnswer, NoQuery, noBody, rawBody, textAnswer } from './contract.ts';
import { InWorkspace, OfHash, OfJob, OfPath } from './params.ts';
import { Flag, Time, wholeNumber } from './query-values.ts';

const mayRun = { needs: 'workspace', right: 'run' } as const satisfies Access;

/** The query of every run route. How the arguments are read from the request stands in the model's `ArgsOptions`. */
export const RunQuery = z.object({
  scheduled_for: Time.optional(),
  scheduled_in_secs: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
  parent_job: JobId.optional(),
  root_job: JobId.optional(),
  tag: z.string().max(50).optional(),
  job_id: JobId.optional(),
  invisible_to_owner: Flag.optional(),
  /** Run as oneself (`u/<name>`) or as a group that one is a member of (`g/<name>`). */
  permissioned_as: z.string().max(255).optional(),
  timeout: wholeNumber(1, 604_800).optional(),
  queue_limit: wholeNumber(0, 1_000_000).optional(),
  /** Seconds for which the result may be used again. */
  cache_ttl: wholeNumber(0, 31_622_400).optional(),
  /** Taken and not used yet. */
  skip_preprocessor: Flag.optional(),
  include_header: z.string().optional(),
  include_query: z.string().optional(),
  raw: Flag.optional(),
  wrap_body: Flag.optional(),
  /** Arguments that were uploaded before, named by what `jobs/args_upload` answered; the request brings none then. */
  args_ref: JobId.optional(),
  /** GET: the arguments as url-safe base64 of JSON. */
  payload: z.string().optional(),
});
export type RunQuery = z.output<typeof RunQuery>;

/** Code to run as it came, or a script named by path or hash. */
export const Preview = z.object({
  content: z.string().max(300_000).nullish(),
  path: z.string().max(255).nullish(),
  script_hash: ScriptHash.nullish(),
  args: JsonObject.nullish(),
  language: ScriptLanguage.nullish(),
  tag: z.string().max(50).nullish(),
  kind: z.enum(['code', 'identity', 'http']).nullish(),
  lock: z.string().nullish(),
});
export type Preview = z.output<typeof Preview>;

const byPath = { params: OfPath, query: RunQuery, access: mayRun };
const byHash = { params: OfHash, query: RunQuery, access: mayRun };
const preview = { params: InWorkspace, query: RunQuery, body: jsonBody(Preview), access: mayRun };

/**
 * For arguments over 6 MB: PUT their JSON text to `upload_url` with `headers` within 15 minutes, then call a run route with
 * `args_ref`. The reference is its caller's own, makes one job, and is good for 12 hours.
 */
export const uploadJobArgs = contract({
  id: 'uploadJobArgs',
  method: 'POST',
  path: '/w/{workspace}/jobs/args_upload',
  summary: 'A place to upload large arguments of a job to (up to 100 MB): state their size and SHA-256',
  params: InWorkspace,
  query: NoQuery,
  body: jsonBody(StatedContent),
  answer: jsonAnswer(
    201,
    z.object({
      upload_url: z.string(),
      headers: z.record(z.string(), z.string()),
      args_ref: z.string(),
      expires_at: z.string(),
    }),
  ),
  access: mayRun,
});

/** Queue a job and answer its id at once: bare text, no quotes, no newline. */
export const runScriptByPath = contract({
  id: 'runScriptByPath',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/p/{path+}',
  summary: 'Run the newest version of a script as a job',
  ...byPath,
  body: rawBody,
  answer: textAnswer(201),
});

export const runScriptByPathGet = contract({
  id: 'runScriptByPathGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run/p/{path+}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  ...byPath,
  body: noBody,
  answer: textAnswer(201),
});

export const runScriptByHash = contract({
  id: 'runScriptByHash',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/h/{hash}',
  summary: 'Run one version of a script as a job',
  ...byHash,
  body: rawBody,
  answer: textAnswer(201),
});

export const runScriptByHashGet = contract({
  id: 'runScriptByHashGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run/h/{hash}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  ...byHash,
  body: noBody,
  answer: textAnswer(201),
});

export const runScriptPreview = contract({
  id: 'runScriptPreview',
  method: 'POST',
  path: '/w/{workspace}/jobs/run/preview',
  summary: 'Run code as it comes with the request, as a job',
  ...preview,
  answer: textAnswer(201),
});

/** Run and answer the result: 200 with its JSON, 422 with the error result, 303 to wait on when it is not done. */
export const runWaitResultScriptByPath = contract({
  id: 'runWaitResultScriptByPath',
  method: 'POST',
  path: '/w/{workspace}/jobs/run_wait_result/p/{path+}',
  summary: 'Run the newest version of a script and answer its result',
  ...byPath,
  body: rawBody,
  answer: jsonPiecesAnswer(200),
});

export const runWaitResultScriptByPathGet = contract({
  id: 'runWaitResultScriptByPathGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run_wait_result/p/{path+}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  ...byPath,
  body: noBody,
  answer: jsonPiecesAnswer(200),
});

export const runWaitResultScriptByHash = contract({
  id: 'runWaitResultScriptByHash',
  method: 'POST',
  path: '/w/{workspace}/jobs/run_wait_result/h/{hash}',
  summary: 'Run one version of a script and answer its result',
  ...byHash,
  body: rawBody,
  answer: jsonPiecesAnswer(200),
});

export const runWaitResultScriptByHashGet = contract({
  id: 'runWaitResultScriptByHashGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run_wait_result/h/{hash}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  ...byHash,
  body: noBody,
  answer: jsonPiecesAnswer(200),
});

export const runScriptPreviewAndWaitResult = contract({
  id: 'runScriptPreviewAndWaitResult',
  method: 'POST',
  path: '/w/{workspace}/jobs/run_wait_result/preview',
  summary: 'Run code as it comes with the request and answer its result',
  ...preview,
  answer: jsonPiecesAnswer(200),
});

/** Where a synchronous run that is not done in time sends its caller: CloudFront waits 60 s for a first byte. */
export const waitForResult = contract({
  id: 'waitForResult',
  method: 'GET',
  path: '/w/{workspace}/jobs/run_wait_result/job/{id}',
  summary: 'Wait on for the result of a job that a synchronous run has begun',
  params: OfJob,
  query: NoQuery,
  body: noBody,
  answer: jsonPiecesAnswer(200),
  access: { needs: 'workspace', right: 'read' },
});
