import { z } from 'zod';
import type { Job } from './job.ts';

/** Before the end of a job nothing is wholly done: the end itself tells that. */
const MOST_PERCENT = 99;

/** How far a job says it is: a number of whatever size, brought to a whole one from 0 to 99, because a job must not fail over its bar. */
export const Percent = z
  .number('must be a number from 0 to 99')
  .transform((percent) => Math.min(MOST_PERCENT, Math.max(0, Math.floor(percent))));

/** What a job said last, in percent; undefined when it never did, or was told to forget what it held. */
export const progressOf = (job: Pick<Job, 'progress' | 'deleted'>): number | undefined =>
  job.deleted === true ? undefined : job.progress;
