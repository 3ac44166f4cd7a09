import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ANSWER_HEADERS } from './answer-headers.ts';
import { answerRequest, type HttpDeps } from './answer-request.ts';
import { matcher } from './match.ts';
import { originGuard } from './origin-guard.ts';
import { problemAnswers } from './problem-answers.ts';
import { HttpEvent, toRequest } from './request.ts';
import type { Reply, Route } from './route.ts';

/** What a function that answers HTTP is made of. `originSecrets` empty refuses everything. */
export type HttpFunction = { deps: HttpDeps; routes: readonly Route[]; originSecrets: readonly string[] };

/** Logs one line as JSON. Tokens and bodies are never in it. */
export const reportToLog = (line: Record<string, unknown>): void => console.error(JSON.stringify(line));

const whole = async (body: Reply['body']): Promise<string> => {
  if (typeof body === 'string') return body;
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  return Buffer.concat(pieces).toString('utf8');
};

/**
 * The handler of a function behind the HTTP API: one whole answer of at most 6 MB (Lambda's limit).
 */
export const httpHandler = (made: HttpFunction) => {
  const match = matcher(made.routes);
  return middy<unknown, APIGatewayProxyStructuredResultV2>({ timeoutEarlyInMillis: 0 })
    .use(problemAnswers(reportToLog))
    .use(originGuard(made.originSecrets))
    .handler(async (event: unknown): Promise<APIGatewayProxyStructuredResultV2> => {
      const reply = await answerRequest(made.deps, match, toRequest(HttpEvent.parse(event)));
      return {
        statusCode: reply.status,
        headers: { ...ANSWER_HEADERS, ...reply.headers },
        body: await whole(reply.body),
      };
    });
};
