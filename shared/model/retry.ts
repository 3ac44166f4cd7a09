import { z } from 'zod';

/** Windmill's own bounds (reference 1.9): more attempts or longer waits are refused when the policy is given. */
const MOST_ATTEMPTS = 1_000;
const LONGEST_WAIT_S = 6 * 3_600;

const attempts = z.number().int().min(0).max(MOST_ATTEMPTS, `at most ${MOST_ATTEMPTS} attempts`).default(0);
const seconds = z.number().min(0).max(LONGEST_WAIT_S, `at most ${LONGEST_WAIT_S} s (6 h)`).default(0);

/** How often and when a failed job is tried again: the constant tries first, then the exponential ones. */
export const RetryPolicy = z.object({
  constant: z.object({ attempts, seconds }).nullish(),
  exponential: z
    .object({
      attempts,
      multiplier: z.number().min(0).max(1_000).default(1),
      seconds,
      /** Percent by which a wait is longer or shorter, at random. */
      random_factor: z.number().min(0).max(100).nullish(),
    })
    .nullish(),
  /** A JavaScript expression over `result` and `error`; false: not again. */
  retry_if: z.object({ expr: z.string().max(10_000) }).nullish(),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/**
 * Milliseconds until the next try of a job that failed after `done` earlier retries; undefined: it is tried no more. `random`
 * is in [0, 1).
 */
export const nextTryInMs = (policy: RetryPolicy, done: number, random: number): number | undefined => {
  const constant = policy.constant?.attempts ?? 0;
  if (policy.constant && done < constant) return policy.constant.seconds * 1000;
  const { exponential } = policy;
  if (!exponential || done >= constant + exponential.attempts) return undefined;
  const nth = done - constant + 1;
  const wait = exponential.multiplier * exponential.seconds ** nth;
  const spread = 1 + ((exponential.random_factor ?? 0) / 100) * (2 * random - 1);
  return Math.min(LONGEST_WAIT_S, wait * spread) * 1000;
};
