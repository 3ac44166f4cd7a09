import type { Readable } from 'node:stream';
import { z } from 'zod';
import { TOO_MANY_TASKS } from './confinement.ts';

/** How a function failed. `payload` is JSON text `{"errorType","errorMessage","trace"?}`. */
export type InvokeFailure = { errorType: string; payload: string };

/**
 * What an invocation answers, known at its first sign: the whole of a buffered answer, a failure, or the head of a
 * stream. `body` of a stream always ends (it never errors); `failure` is settled by then. Whoever stops reading early
 * calls `body.resume()` or `body.destroy()`: the invocation itself goes on either way.
 */
export type InvokeResponse =
  | { kind: 'buffered'; requestId: string; body: Buffer }
  | { kind: 'failed'; requestId: string; failure: InvokeFailure }
  | {
      kind: 'stream';
      requestId: string;
      contentType: string;
      body: Readable;
      failure: Promise<InvokeFailure | undefined>;
    };

/** Starts invocations by function name or ARN. Rejects with an AwsError when none was started (404, 429, 400, 413). */
export interface Invoker {
  invoke(functionName: string, payload: Buffer, options?: { tenantId?: string }): Promise<InvokeResponse>;
}

const failure = (errorType: string, requestId: string, message: string): InvokeFailure => ({
  errorType,
  payload: JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${message}` }),
});

/** The function ran over its time and was killed. */
export const timedOut = (requestId: string, seconds: number): InvokeFailure =>
  failure('Sandbox.Timedout', requestId, `Task timed out after ${seconds.toFixed(2)} seconds`);

/** The process ended in the middle of an invocation. */
export const exited = (requestId: string, code: number | null, signal: string | null): InvokeFailure => {
  if (code === TOO_MANY_TASKS)
    return failure('Runtime.ExitError', requestId, 'killed: more than 1024 processes and threads');
  if (signal !== null) return failure('Runtime.ExitError', requestId, `Runtime exited with error: signal: ${signal}`);
  if (code !== 0) return failure('Runtime.ExitError', requestId, `Runtime exited with error: exit status ${code}`);
  return failure('Runtime.ExitError', requestId, 'Runtime exited without providing a reason');
};

const ErrorBody = z.object({ errorType: z.string().default('Error') });

/** What the runtime said of a thrown error or a failed start. */
export const reported = (payload: string): InvokeFailure => {
  try {
    return { ...ErrorBody.parse(JSON.parse(payload)), payload };
  } catch {
    return { errorType: 'Error', payload };
  }
};

/** The runtime asked for more work without having answered. */
export const truncated: InvokeFailure = {
  errorType: 'Runtime.TruncatedResponse',
  payload: '{"errorType":"Runtime.TruncatedResponse"}',
};

/** An answer over the limit: 6 MB buffered, 200 MB streamed. */
export const tooLarge = (requestId: string, limitBytes: number): InvokeFailure =>
  failure('Function.ResponseSizeTooLarge', requestId, `Response payload size exceeded ${limitBytes} bytes`);

/** Reads a whole answer: of a streaming function too, whose first `limitBytes` are kept. */
export const wholeBody = async (
  response: InvokeResponse,
  limitBytes: number,
): Promise<{ body: Buffer; failure?: InvokeFailure }> => {
  if (response.kind === 'failed') return { body: Buffer.from(response.failure.payload), failure: response.failure };
  const parts: Buffer[] = [];
  let size = 0;
  if (response.kind === 'buffered') {
    parts.push(response.body);
    size = response.body.length;
  } else {
    for await (const part of response.body) {
      size += part.length;
      if (size <= limitBytes) parts.push(part);
    }
  }
  const late = response.kind === 'stream' ? await response.failure : undefined;
  const failed = late ?? (size > limitBytes ? tooLarge(response.requestId, limitBytes) : undefined);
  return failed === undefined ? { body: Buffer.concat(parts) } : { body: Buffer.from(failed.payload), failure: failed };
};
