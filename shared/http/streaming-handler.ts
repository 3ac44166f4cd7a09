import { Readable } from 'node:stream';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/executionModeStreamifyResponse';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { answerRequest } from './answer-request.ts';
import { type HttpFunction, reportToLog } from './handler.ts';
import { matcher } from './match.ts';
import { originGuard } from './origin-guard.ts';
import { problemAnswers } from './problem-answers.ts';
import { HttpEvent, toRequest } from './request.ts';

type StreamedAnswer = { statusCode: number; headers: Record<string, string>; body: string | Readable };

/**
 * The handler of a function behind a streaming Function URL: pieces of an answer go out as they come. Needs the global
 * `awslambda` of the Lambda runtime when it is called. The invocation ends when `afterAnswer` resolves: work that outlives
 * its answer is waited for there, because what still runs when an invocation ends is frozen.
 */
export const streamingHandler = (made: HttpFunction & { afterAnswer?: () => Promise<void> }) => {
  const match = matcher(made.routes);
  return middy<unknown, StreamedAnswer>({
    timeoutEarlyInMillis: 0,
    executionMode: executionModeStreamifyResponse,
    requestEnd: made.afterAnswer ?? (() => undefined),
  })
    .use(problemAnswers(reportToLog))
    .use(originGuard(made.originSecrets))
    .handler(async (event: unknown): Promise<StreamedAnswer> => {
      const { status, headers, body } = await answerRequest(made.deps, match, toRequest(HttpEvent.parse(event)));
      return {
        statusCode: status,
        headers: { ...ANSWER_HEADERS, ...headers },
        body: typeof body === 'string' ? body : Readable.from(body, { objectMode: false }),
      };
    });
};
