import { z } from 'zod';
import type { QueueMappingDefinition, QueueMessage } from './definitions.ts';

const attributes = (message: QueueMessage) =>
  Object.fromEntries(
    Object.entries(message.messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { dataType: DataType, stringValue: StringValue, binaryValue: BinaryValue },
    ]),
  );

const record = (message: QueueMessage, mapping: QueueMappingDefinition) => ({
  messageId: message.messageId,
  receiptHandle: message.receiptHandle,
  body: message.body,
  attributes: message.attributes,
  messageAttributes: attributes(message),
  md5OfBody: message.md5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: mapping.queueArn,
  awsRegion: mapping.queueArn.split(':')[3],
});

/** The event a function gets for a batch of messages. */
export const queueEvent = (messages: QueueMessage[], mapping: QueueMappingDefinition): Buffer =>
  Buffer.from(JSON.stringify({ Records: messages.map((message) => record(message, mapping)) }));

const Failures = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * Which messages a successful answer leaves in the queue. As on AWS: an answer that is no ReportBatchItemFailures
 * answer, or that names a message which was not in the batch, fails the whole batch.
 */
export const failedMessages = (answer: string, batch: QueueMessage[]): Set<string> => {
  const everything = new Set(batch.map(({ messageId }) => messageId));
  let parsed: z.infer<typeof Failures>;
  try {
    parsed = Failures.parse(JSON.parse(answer === '' ? 'null' : answer));
  } catch {
    return everything;
  }
  const failed = new Set((parsed?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  return [...failed].every((id) => everything.has(id)) ? failed : everything;
};
