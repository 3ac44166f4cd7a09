import { badRequest } from './errors.ts';

/** Seconds a job may run on Lambda: 15 minutes, less what ending a job takes. */
export const LAMBDA_LIMIT_S = 840;

/** Seconds that jobs of a tag may run: those that state no limit, and any. */
export type TimeLimits = { usual: number; longest: number };

/**
 * The smallest limit that request or script states: a caller may cut a script short, not give it more than its author did.
 * The instance's default, which is for those that state none, is cut to what a worker can give: it was set for all of them.
 */
export const timeLimitOf = (stated: (number | undefined)[], limits: TimeLimits, byDefault?: number): number => {
  const seconds = Math.min(...stated.map((each) => each ?? Number.POSITIVE_INFINITY));
  if (seconds === Number.POSITIVE_INFINITY) return Math.min(limits.longest, byDefault ?? limits.usual);
  if (seconds > limits.longest) throw badRequest(`Bad request: timeout: ${tooLong(seconds, limits)}`);
  return seconds;
};

const tooLong = (seconds: number, { longest }: TimeLimits): string => {
  const mend =
    longest > LAMBDA_LIMIT_S
      ? 'raise the timeLimitSeconds of its worker group in cdk.json'
      : 'a worker group with "lane": "fargate" in cdk.json runs longer jobs';
  return `${seconds} s is more than a worker can give (${longest} s); ${mend}`;
};
