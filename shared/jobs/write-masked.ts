import type { Job } from '../model/job.ts';
import { charCount } from '../model/text.ts';
import type { LogMasks } from './log-masks.ts';
import { INLINE_CHARS } from './log-writer.ts';
import type { LogStore } from './payload-ports.ts';
import type { Written } from './task-ports.ts';

/**
 * Writes the next of a text as one page, masked, for a writer that keeps nothing in memory between two pages. `masks` must
 * have been read after the text was there. Answers how far the text is written, and how much of this piece was taken: the
 * rest may be half a secret and must come again. The same piece written twice is one page.
 */
export const writeMasked = async (
  store: LogStore,
  job: Job,
  masks: LogMasks,
  at: Written,
  text: string,
): Promise<{ written: Written; taken: number }> => {
  const certain = masks.push(text);
  const taken = text.length - masks.held;
  const { start, inline } = at;
  if (certain === '') return { written: { ...at, ...masks.standing }, taken };
  const page = { attempt: job.attempt, start, text: certain };
  const beside = inline + certain.length <= INLINE_CHARS;
  if (beside) await store.append(job, page);
  else await store.offload(job, page, []);
  const written = {
    start: start + charCount(certain),
    ...masks.standing,
    inline: beside ? inline + certain.length : inline,
  };
  return { written, taken };
};
