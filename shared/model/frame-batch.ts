import { z } from 'zod';
import { EndFrame, RunnerRequest, StatedContent } from './runner.ts';

/** What a task gets for its attempt. */
export const TaskOrder = z.object({
  request: RunnerRequest,
  /** What the log begins with. */
  head: z.string(),
  /** What must not stand in a log: the task itself is not told this list. */
  secrets: z.array(z.string()),
  /** Where its result is kept for later runs. */
  cacheKey: z.string().optional(),
});
export type TaskOrder = z.infer<typeof TaskOrder>;

/** What the task is told of its order. */
export const TaskWork = TaskOrder.pick({ request: true, head: true });
export type TaskWork = z.infer<typeof TaskWork>;

/**
 * What a runner says that cannot stream, some of it at a time. `seq` counts from 1, one more with each batch that was
 * answered. A text begins with what the answer before did not take.
 */
export const FrameBatch = z.object({
  seq: z.number().int().positive(),
  log: z.string(),
  stream: z.string(),
  /** In the last batch, after which nothing is taken any more. */
  last: z
    .object({
      end: EndFrame,
      /** JSON text of the result, or of the error. */
      result: z.string(),
      /** A result that lies in S3 already. */
      large: StatedContent.optional(),
      /** All that was streamed. */
      streamed: z.string(),
    })
    .optional(),
});
export type FrameBatch = z.infer<typeof FrameBatch>;

/** So many UTF-16 units of each text were taken: the rest may be half a secret, and comes again with the next batch. */
export const FramesTaken = z.object({ log: z.number().int().nonnegative(), stream: z.number().int().nonnegative() });
export type FramesTaken = z.infer<typeof FramesTaken>;
