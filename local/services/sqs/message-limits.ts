import { AwsError } from '../aws-error.ts';
import type { MessageAttributes, Outgoing } from './inputs.ts';

/** Bytes of one message, and of all messages of one batch together. */
const MAX_BYTES = 1_048_576;
const MAX_DELAY_SECONDS = 900;

const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

const attributeBytes = (attributes: MessageAttributes): number =>
  Object.entries(attributes).reduce((sum, [name, attribute]) => {
    const value =
      Buffer.byteLength(attribute.StringValue ?? '') + Buffer.byteLength(attribute.BinaryValue ?? '', 'base64');
    return sum + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType) + value;
  }, 0);

const messageBytes = (message: Outgoing): number =>
  Buffer.byteLength(message.MessageBody) + attributeBytes(message.MessageAttributes);

const invalid = (message: string): AwsError => new AwsError('InvalidParameterValue', 400, message);

/** Refuses what SQS refuses of one message: an empty or too long body, characters XML lacks, a delay over 15 minutes. */
export const checkMessage = (message: Outgoing): void => {
  if (message.MessageBody === '')
    throw new AwsError('MissingParameter', 400, 'The request must contain the parameter MessageBody.');
  if (messageBytes(message) > MAX_BYTES)
    throw invalid('One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.');
  if (forbidden.test(message.MessageBody))
    throw new AwsError(
      'InvalidMessageContents',
      400,
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  const delay = message.DelaySeconds ?? 0;
  if (delay < 0 || delay > MAX_DELAY_SECONDS) {
    throw invalid(
      `Value ${delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.`,
    );
  }
};

/** Refuses what SQS refuses of a batch as a whole: none, more than ten, two of one id, over 1 MiB together. */
export const checkBatch = (entries: readonly { Id: string }[], messages: readonly Outgoing[] = []): void => {
  const refuse = (code: string, query: string, message: string): AwsError =>
    new AwsError(code, 400, message, `AWS.SimpleQueueService.${query}`);
  if (entries.length === 0)
    throw refuse('EmptyBatchRequest', 'EmptyBatchRequest', 'There should be at least one entry in the request.');
  if (entries.length > 10) {
    throw refuse(
      'TooManyEntriesInBatchRequest',
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  if (new Set(entries.map((entry) => entry.Id)).size < entries.length) {
    throw refuse(
      'BatchEntryIdsNotDistinct',
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  if (messages.reduce((sum, message) => sum + messageBytes(message), 0) > MAX_BYTES) {
    throw refuse('BatchRequestTooLong', 'BatchRequestTooLong', 'Batch requests cannot be longer than 1048576 bytes.');
  }
};
