import type { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import type * as inputs from './inputs.ts';
import { attributesDigest, bodyDigest } from './message-digest.ts';
import { checkBatch } from './message-limits.ts';
import type { ReceivedMessage } from './queues.ts';

/** The digests a sender checks. */
export const digests = (message: inputs.Outgoing) => ({
  MD5OfMessageBody: bodyDigest(message.MessageBody),
  MD5OfMessageAttributes: attributesDigest(message.MessageAttributes),
});

/** Runs each entry of a batch by itself: one that is refused does not spoil the others. */
export const eachEntry = <E extends { Id: string }>(entries: readonly E[], act: (entry: E) => object) => {
  checkBatch(entries);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...act(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
};

const wanted = (names: readonly string[], name: string): boolean =>
  names.some(
    (want) =>
      want === 'All' || want === '.*' || want === name || (want.endsWith('.*') && name.startsWith(want.slice(0, -1))),
  );

/** The entries whose names were asked for: by name, `All`, or a prefix with `.*`; undefined when none. */
export const pick = <T>(all: Record<string, T>, names: readonly string[]): Record<string, T> | undefined => {
  const picked = Object.entries(all).filter(([name]) => wanted(names, name));
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
};

/** A received message with the attributes the caller asked for. */
export const onWire = (message: ReceivedMessage, request: z.infer<typeof inputs.ReceiveMessage>) => {
  const MessageAttributes = pick(message.messageAttributes, request.MessageAttributeNames);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: message.md5OfBody,
    Attributes: pick(message.attributes, [...request.AttributeNames, ...request.MessageSystemAttributeNames]),
    MessageAttributes,
    MD5OfMessageAttributes: attributesDigest(MessageAttributes ?? {}),
  };
};
