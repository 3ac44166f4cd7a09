import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareObj } from '@middy/core';
import { ANSWER_HEADERS } from './answer-headers.ts';

/** The front door adds this header; a request without it did not come through the front door. */
const ORIGIN_HEADER = 'x-millrace-origin';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** True when `given` is one of `secrets`; takes the same time wherever it differs. */
const isOriginSecret = (given: string | undefined, secrets: readonly string[]): boolean => {
  const candidate = digest(given ?? '');
  let matches = false;
  for (const secret of secrets) matches = timingSafeEqual(candidate, digest(secret)) || matches;
  return matches && given !== undefined && given !== '';
};

const headerOf = (event: unknown): string | undefined => {
  if (typeof event !== 'object' || event === null || !('headers' in event)) return undefined;
  const { headers } = event;
  if (typeof headers !== 'object' || headers === null || !(ORIGIN_HEADER in headers)) return undefined;
  const value = headers[ORIGIN_HEADER];
  return typeof value === 'string' ? value : undefined;
};

/** Refuses with 403, before anything of the request is parsed, what did not come through the front door. */
export const originGuard = (secrets: readonly string[]): MiddlewareObj => ({
  before: (request) =>
    isOriginSecret(headerOf(request.event), secrets)
      ? undefined
      : { statusCode: 403, headers: { ...ANSWER_HEADERS, 'content-type': 'text/plain' }, body: 'Forbidden' },
});
