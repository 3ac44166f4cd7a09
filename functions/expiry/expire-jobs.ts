import type { DynamoDBBatchResponse } from 'aws-lambda';
import { z } from 'zod';
import { StreamImage } from '../../shared/aws/stream-image.ts';
import { type RemoveDeps, removeRemains } from '../../shared/jobs/remove-job.ts';
import { Job } from '../../shared/model/job.ts';

/** The event source passes on nothing but removals of root items by their time to live. */
const Event = z.object({
  Records: z.array(
    z.object({ dynamodb: z.object({ SequenceNumber: z.string(), OldImage: z.record(z.string(), z.unknown()) }) }),
  ),
});

/** Records worked on at the same time. */
const AT_ONCE = 10;

/**
 * Removes what is left of each job, and answers from which record on the batch must come again: the first that failed. The
 * ones behind it are done again then, which finds nothing left to do.
 */
export const expireJobs = async (
  deps: RemoveDeps,
  event: unknown,
  now: number,
  report: (error: unknown, ids: Record<string, string>) => void,
): Promise<DynamoDBBatchResponse> => {
  const records = Event.parse(event).Records.map(({ dynamodb }) => dynamodb);
  const failed = new Set<string>();
  const rest = records.values();
  const work = async (): Promise<void> => {
    for (const { SequenceNumber, OldImage } of rest) {
      try {
        await removeRemains(deps, Job.parse(StreamImage.parse(OldImage)), now);
      } catch (error) {
        report(error, { sequenceNumber: SequenceNumber });
        failed.add(SequenceNumber);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const first = records.find(({ SequenceNumber }) => failed.has(SequenceNumber));
  return { batchItemFailures: first === undefined ? [] : [{ itemIdentifier: first.SequenceNumber }] };
};
