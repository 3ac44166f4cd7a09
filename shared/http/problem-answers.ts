import type { MiddlewareObj } from '@middy/core';
import { Problem } from '../model/errors.ts';
import { ANSWER_HEADERS } from './answer-headers.ts';

/** Writes one line of the function's log. */
export type Report = (line: Record<string, unknown>) => void;

const causes = (error: unknown): unknown =>
  error instanceof Error
    ? {
        name: error.name,
        message: error.message,
        stack: error.stack,
        ...(error.cause === undefined ? {} : { cause: causes(error.cause) }),
      }
    : String(error);

/**
 * Turns what a route threw into its answer: a Problem into its status and text, anything else into a 500 without details,
 * reported once with its causes.
 */
export const problemAnswers = (report: Report): MiddlewareObj => ({
  onError: (request) => {
    const error: unknown = request.error;
    const headers = { ...ANSWER_HEADERS, 'content-type': 'text/plain', 'access-control-allow-origin': '*' };
    if (error instanceof Problem) {
      request.response = { statusCode: error.status, headers, body: error.message };
      return;
    }
    const requestId = request.context.awsRequestId;
    report({ level: 'ERROR', message: 'request failed', requestId, error: causes(error) });
    request.response = { statusCode: 500, headers, body: `Internal server error (request ${requestId})` };
  },
});
