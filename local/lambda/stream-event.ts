import { z } from 'zod';
import { parseJson } from '../../shared/model/json.ts';
import type { StreamRecord } from '../services/dynamodb/table-stream.ts';
import type { StreamMappingDefinition } from './definitions.ts';

/** The event a function gets for a batch of records. */
export const streamEvent = (batch: StreamRecord[], { streamArn }: StreamMappingDefinition): Buffer =>
  Buffer.from(
    JSON.stringify({
      Records: batch.map((record) => ({
        ...record,
        awsRegion: streamArn.split(':')[3],
        eventSourceARN: streamArn,
      })),
    }),
  );

const Failures = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * From which record on a batch comes again after a successful answer; undefined: it does not. As on AWS the lowest number
 * that is named counts, and an answer that is none, or names a record of no batch, fails the whole.
 */
export const firstFailed = (answer: string, batch: StreamRecord[]): { index: number; named: boolean } | undefined => {
  const json = parseJson(answer === '' ? 'null' : answer);
  const parsed = Failures.safeParse(json.ok ? json.value : undefined);
  if (!parsed.success) return { index: 0, named: false };
  const named = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) =>
    batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
  );
  if (named.length === 0) return undefined;
  const index = Math.min(...named);
  return index < 0 ? { index: 0, named: false } : { index, named: true };
};

/** What Lambda tells an on-failure destination: where the records are, not what is in them. */
export const abandonedBatch = (
  batch: StreamRecord[],
  mapping: StreamMappingDefinition,
  { tries, now }: { tries: number; now: number },
): string => {
  const timeOf = (record: StreamRecord | undefined): string =>
    new Date((record?.dynamodb.ApproximateCreationDateTime ?? 0) * 1000).toISOString();
  return JSON.stringify({
    requestContext: {
      functionArn: mapping.functionName,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: tries,
    },
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    DDBStreamBatchInfo: {
      shardId: 'shardId-00000001',
      startSequenceNumber: batch[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: batch.at(-1)?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: timeOf(batch[0]),
      approximateArrivalOfLastRecord: timeOf(batch.at(-1)),
      batchSize: batch.length,
      streamArn: mapping.streamArn,
    },
  });
};
