import type { Access } from '../access/decide.ts';
import { contract, noBody, rawBody, streamAnswer } from './contract.ts';
import { OfHash, OfPath } from './params.ts';
import { wholeNumber } from './query-values.ts';
import { RunQuery } from './run.ts';

export const RunAndStreamQuery = RunQuery.extend({ poll_delay_ms: wholeNumber(50, 60_000).optional() });

/** The events of `getupdate_sse` with `only_result`, which has no log, on the connection that started the job. */
const streams = {
  query: RunAndStreamQuery,
  answer: streamAnswer(200, 'text/event-stream'),
  access: { needs: 'workspace', right: 'run' } as const satisfies Access,
};

export const runAndStreamScriptByPath = contract({
  id: 'runAndStreamScriptByPath',
  method: 'POST',
  path: '/w/{workspace}/jobs/run_and_stream/p/{path+}',
  summary: 'Run the newest version of a script and follow it by server-sent events to its result',
  params: OfPath,
  body: rawBody,
  ...streams,
});

export const runAndStreamScriptByPathGet = contract({
  id: 'runAndStreamScriptByPathGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run_and_stream/p/{path+}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  params: OfPath,
  body: noBody,
  ...streams,
});

export const runAndStreamScriptByHash = contract({
  id: 'runAndStreamScriptByHash',
  method: 'POST',
  path: '/w/{workspace}/jobs/run_and_stream/h/{hash}',
  summary: 'Run one version of a script and follow it by server-sent events to its result',
  params: OfHash,
  body: rawBody,
  ...streams,
});

export const runAndStreamScriptByHashGet = contract({
  id: 'runAndStreamScriptByHashGet',
  method: 'GET',
  path: '/w/{workspace}/jobs/run_and_stream/h/{hash}',
  summary: 'The same for callers that can only GET: arguments in `payload`',
  params: OfHash,
  body: noBody,
  ...streams,
});
